import { lighter, mix } from '../colour.ts';
import { ground } from '../palettes.ts';
import { curve, ellipse, side } from '../shapes.ts';
import type { Point } from '../shapes.ts';
import { drawWater } from '../water.ts';
import { palms } from '../things/palms.ts';
import { floatOn, hill, mistAt, standOn } from './common.ts';
import type { DrawFamily } from './common.ts';

/** Green island with a beach in a lagoon, with a shore in front. */
export const island: DrawFamily = (view) => {
  const { random, light, canvas, horizon, scene } = view;
  const rest = side - horizon;
  if (random.chance(0.5)) {
    hill(
      view,
      random.fork('far'),
      { y: horizon + 3, height: 12, bumps: 1.7, rough: 0.5 },
      light.lit(mix(ground.rock, view.plants.needles, 0.4), 0.85),
    );
  }
  drawWater(view, horizon, { body: ground.lagoon, calm: 0.7 });
  const local = random.fork('island');
  const x = side * local.range(0.3, 0.7);
  const y = horizon + rest * local.range(0.16, 0.3);
  const w = local.range(58, 88);
  const h = local.range(26, 58);
  canvas.shape(ellipse(x, y + 6, w * 1.35, 9), light.lit(lighter(ground.lagoon, 0.12), 0.3), 0.7);
  canvas.cut(ellipse(x, y + 1, w * 1.12, 6.5), light.lit(ground.sandPale, 0.3));
  const green = light.lit(mix(view.plants.needles, view.plants.grass, 0.45), 0.36);
  const peaks: Point[] = [
    [x - w, y + 1],
    [x - w * 0.55, y - h * local.range(0.3, 0.6)],
    [x + w * local.range(-0.25, 0.1), y - h],
    [x + w * 0.5, y - h * local.range(0.35, 0.65)],
    [x + w, y + 1],
  ];
  canvas.cut(`${curve(peaks)}Z`, green);
  canvas.shape(
    `${curve(peaks.slice(2))}L${x + w * 0.2} ${y + 1}L${x} ${y - h * 0.5}Z`,
    lighter(green, -0.05),
    0.8,
  );
  const distant = { ...view, random: random.fork('distant') };
  palms(distant, { x: x + w * local.range(-0.6, 0.6), y: y + 2, size: 26, depth: 0.3 }, local);
  mistAt(view, y);
  floatOn(view, y + 14, side - rest * 0.24, 44);
  const left = random.fork('shore').chance(0.5);
  const reach = random.range(0.75, 1.25) * side;
  const top = side - rest * random.range(0.28, 0.42);
  const shore: Point[] = [
    [-20, top],
    [reach * 0.35, top + 6],
    [reach * 0.7, top + rest * 0.2],
    [reach, side + 8],
  ];
  const across = left ? shore : shore.map(([px, py]): Point => [side - px, py]);
  const sand = light.lit(ground.sandPale, 0.05);
  canvas.shape(
    `${curve(across.map(([px, py]): Point => [px, py - 4]))}L${left ? -20 : side + 20} ${side + 8}Z`,
    light.lit(ground.white, 0.1),
    0.75,
  );
  canvas.layer(`${curve(across)}L${left ? -20 : side + 20} ${side + 8}Z`, sand, {
    top,
    foot: lighter(sand, -0.06),
  });
  const stand = left ? 0.24 : 0.76;
  standOn(
    { ...view, random: random.fork(`stand ${stand}`) },
    [
      [-20, top + 10],
      [side + 20, top + 10],
    ],
    scene.things.includes('palms') ? 78 : 52,
    0.05,
    4,
  );
};

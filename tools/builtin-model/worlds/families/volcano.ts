import { hex, lighter, mix } from '../colour.ts';
import { ground } from '../palettes.ts';
import { circle, curve, line, polygon, ridge, side, under } from '../shapes.ts';
import type { Point } from '../shapes.ts';
import { drawWater } from '../water.ts';
import { floatOn, hill, mistAt, standOn } from './common.ts';
import type { DrawFamily } from './common.ts';

/** Volcano with a glowing crater, smoke above it and lava on its slope. */
export const volcano: DrawFamily = (view) => {
  const { random, light, canvas, horizon, scene, disc } = view;
  const rest = side - horizon;
  const base = horizon + rest * 0.3;
  const x = side * random.range(0.36, 0.64);
  const height = (base - 30) * random.range(0.5, 0.68);
  const top = base - height;
  const mouth = height * random.range(0.12, 0.17);
  const foot = height * random.range(0.85, 1.1);
  hill(
    view,
    random.fork('far'),
    { y: horizon + 4, height: 18, bumps: 2, rough: 0.5 },
    light.lit(ground.basalt, 0.85),
  );

  const smoke = random.fork('smoke');
  const drift = smoke.range(-0.5, 0.5);
  for (let i = 5; i >= 0; i--) {
    const t = i / 5;
    const grey = mix(light.lit(hex('#6a6470'), 0.4), light.colours.stops[1], 0.25 + 0.3 * t);
    canvas.cut(
      circle(
        x + drift * 70 * t + smoke.range(-5, 5),
        top - 6 - (top + 6) * t * 0.72,
        mouth * (0.75 + 1.5 * t),
      ),
      lighter(grey, 0.03 * (i % 2)),
    );
  }
  const glow = light.glowing(ground.lava);
  canvas.glow(x, top, mouth * 4.5, glow, light.dark ? 0.85 : 0.55);

  const rock = light.lit(mix(ground.basalt, hex('#7a5048'), random.range(0, 0.6)), 0.35);
  const slope = random.fork('slope');
  const left: Point[] = [
    [x - foot * 1.9, base + 30],
    [x - foot, base - height * 0.05],
    [x - foot * 0.5, base - height * slope.range(0.4, 0.48)],
    [x - mouth * 1.5, base - height * 0.86],
    [x - mouth, top],
  ];
  const right: Point[] = [
    [x + mouth, top + 2],
    [x + mouth * 1.5, base - height * 0.85],
    [x + foot * 0.5, base - height * slope.range(0.38, 0.46)],
    [x + foot, base - height * 0.05],
    [x + foot * 1.9, base + 30],
  ];
  const cone = `${curve(left, 0.7)}L${curve(right, 0.7).slice(1)}Z`;
  canvas.layer(cone, rock, { top, bottom: base + 10, mist: 0.3 });
  const away = disc.x < x ? 1 : -1;
  const shaded = away > 0 ? right : [...left].reverse();
  canvas.shape(
    `${curve(shaded, 0.7)}L${x + away * foot * 0.2} ${base + 30}L${x + away * mouth * 0.6} ${top + height * 0.4}Z`,
    lighter(rock, -0.06),
    0.7,
  );
  const hot = light.glowing(ground.lavaHot);
  canvas.shape(
    polygon([
      [x - mouth, top],
      [x - mouth * 0.4, top + 4],
      [x + mouth * 0.3, top + 2.5],
      [x + mouth, top + 2],
      [x + mouth * 0.6, top - 3],
      [x - mouth * 0.5, top - 4],
    ]),
    hot,
  );
  const lava = random.fork('lava');
  for (let i = 0; i < 3; i++) {
    const from = x + (i - 1) * mouth * 0.6;
    const path: Point[] = [[from, top]];
    const reach = lava.range(0.45, 0.95);
    for (let j = 1; j <= 4; j++) {
      path.push([
        from + (i - 1) * foot * 0.2 * j * reach + lava.range(-5, 5),
        top + (height * reach * j) / 4,
      ]);
    }
    canvas.stroke(curve(path), glow, 4.6 - i * 0.6);
    canvas.stroke(curve(path.slice(0, 4)), hot, 1.9);
  }
  mistAt(view, base);
  if (scene.things.includes('sailboat') || random.chance(0.4)) {
    drawWater(view, base + 6, {});
    floatOn(view, base + 12, side - 16, 42);
  } else {
    hill(
      view,
      random.fork('jungle'),
      { y: base + rest * 0.12, height: 9, bumps: 3, rough: 0.5 },
      light.lit(mix(view.plants.needles, ground.basalt, 0.35), 0.26),
    );
  }
  const near = ridge(random.fork('near'), {
    y: side - rest * 0.26,
    height: 13,
    bumps: 2.4,
    rough: 0.55,
    steps: 24,
  });
  const front = light.lit(mix(ground.basalt, view.plants.needles, random.range(0, 0.7)), 0);
  canvas.layer(under(line(near)), front, { top: side - rest * 0.35, foot: lighter(front, -0.05) });
  standOn(view, near, 62, 0, 6);
};

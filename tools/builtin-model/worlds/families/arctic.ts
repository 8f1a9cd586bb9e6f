import { lighter, mix } from '../colour.ts';
import { ground } from '../palettes.ts';
import type { Random } from '../random.ts';
import { heightAt, polygon, side } from '../shapes.ts';
import type { Point } from '../shapes.ts';
import { pineColour, pineRow } from '../things/pines.ts';
import type { View } from '../view.ts';
import { drawWater } from '../water.ts';
import { floatOn, hill, mistAt, standOn } from './common.ts';
import type { DrawFamily } from './common.ts';
import { massif } from './massif.ts';

/** White mountains, and water with icebergs and floes or a snowfield in front. */
export const arctic: DrawFamily = (view) => {
  const { random, light, canvas, horizon, scene } = view;
  const rest = side - horizon;
  massif(view, random.fork('far'), {
    base: horizon + 4,
    height: random.range(34, 60),
    peaks: random.int(3, 5),
    rock: mix(ground.ice, ground.rock, 0.3),
    depth: 0.72,
    snow: 0.94,
  });
  mistAt(view, horizon);
  const wet =
    scene.things.includes('whale') || scene.things.includes('sailboat') || random.fork('wet').chance(0.55);
  if (wet) {
    drawWater(view, horizon + 4, { body: mix(ground.water, ground.ice, 0.35), calm: 0.8 });
    const local = random.fork('bergs');
    for (let i = 0; i < local.int(2, 3); i++) {
      berg(
        view,
        local,
        side * local.range(0.08, 0.92),
        horizon + rest * (0.12 + 0.14 * i),
        local.range(26, 48) * (0.8 + 0.3 * i),
        0.5 - 0.16 * i,
      );
    }
    floatOn(view, horizon + rest * 0.3, side - rest * 0.3, 44);
    const floes = random.fork('floes');
    for (let i = 0; i < 7; i++) {
      const t = floes.range(0.25, 0.8);
      const [x, y, w] = [floes.range(0, side), horizon + rest * t, (14 + 34 * t) * floes.range(0.6, 1.2)];
      canvas.shape(
        polygon([
          [x - w, y],
          [x - w * 0.5, y - w * 0.12],
          [x + w * 0.6, y - w * 0.1],
          [x + w, y + w * 0.03],
          [x + w * 0.4, y + w * 0.16],
          [x - w * 0.6, y + w * 0.14],
        ]),
        light.lit(ground.snow, 0.3 * (1 - t)),
      );
    }
  } else {
    const plain = hill(
      view,
      random.fork('plain'),
      { y: horizon + rest * 0.14, height: 8, bumps: 1.5, rough: 0.4 },
      light.lit(mix(ground.snow, ground.ice, 0.35), 0.5),
    );
    if (scene.things.includes('pines') || random.chance(0.35)) {
      canvas.shape(
        pineRow(random.fork('row'), (x) => heightAt(plain, x), -8, side + 8, 14),
        pineColour(view, 0.45),
      );
    }
    hill(
      view,
      random.fork('drift'),
      { y: horizon + rest * 0.36, height: 12, bumps: 1.3, rough: 0.35 },
      light.lit(mix(ground.snow, ground.ice, 0.2), 0.25),
    );
  }
  const near = hill(
    view,
    random.fork('near'),
    { y: side - rest * (wet ? 0.2 : 0.36), height: 10, bumps: 1.2, rough: 0.35 },
    light.lit(ground.snow, 0.04),
  );
  standOn(view, near, 48, 0.04, 5);
};

/** An iceberg with a lit and a shaded face. */
function berg(
  { canvas, light, disc }: View,
  random: Random,
  x: number,
  y: number,
  h: number,
  depth: number,
): void {
  const w = h * random.range(0.8, 1.3);
  const peak: Point = [x + w * random.range(-0.3, 0.3), y - h];
  const left: Point[] = [
    [x - w, y],
    [x - w * 0.8, y - h * random.range(0.25, 0.5)],
    [x - w * 0.35, y - h * random.range(0.55, 0.8)],
  ];
  const right: Point[] = [
    [x + w * 0.45, y - h * random.range(0.5, 0.75)],
    [x + w * 0.75, y - h * random.range(0.2, 0.45)],
    [x + w, y],
  ];
  const colour = light.lit(mix(ground.snow, ground.ice, 0.25), depth);
  canvas.cut(polygon([...left, peak, ...right]), colour);
  const spine: Point[] = [
    [x + w * random.range(-0.15, 0.15), y - h * 0.45],
    [x + w * random.range(-0.15, 0.15), y],
  ];
  const shaded = disc.x < x ? [peak, ...right, ...spine.reverse()] : [...left, peak, ...spine];
  canvas.shape(polygon(shaded), mix(lighter(colour, -0.07), light.lit(ground.ice, depth), 0.6));
}

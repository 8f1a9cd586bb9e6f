import { lighter, mix, turned } from '../colour.ts';
import { strangeGround } from '../light.ts';
import { circle, curve, ellipse, line, polygon, ridge, side, under } from '../shapes.ts';
import type { Point } from '../shapes.ts';
import { hill, mistAt, standOn } from './common.ts';
import type { DrawFamily } from './common.ts';

/** Alien landscape: spires, arches, crystals or mushrooms, with craters in front. */
export const planet: DrawFamily = (view) => {
  const { random, light, canvas, horizon, scene } = view;
  const rest = side - horizon;
  const soil = strangeGround(scene);
  const kind = random.fork('kind').pick(['spires', 'arches', 'crystals', 'mushrooms'] as const);
  const moons = random.fork('moons');
  if (moons.chance(0.6)) {
    const [x, y, r] = [side * moons.range(0.1, 0.9), horizon * moons.range(0.1, 0.5), moons.range(5, 12)];
    canvas.cut(circle(x, y, r), mix(light.colours.disc, light.colours.stops[1], 0.45));
    canvas.shape(
      circle(x + r * 0.3, y + r * 0.1, r * 0.28),
      mix(light.colours.disc, light.colours.stops[0], 0.5),
    );
  }
  hill(view, random.fork('far'), { y: horizon, height: 22, bumps: 2.2, rough: 0.5 }, light.lit(soil, 0.8));
  mistAt(view, horizon + 4);
  for (const [i, depth] of [0.55, 0.3].entries()) {
    const local = random.fork(`row ${i}`);
    const base = horizon + rest * (0.2 + 0.24 * i);
    const colour = light.lit(kind === 'crystals' || kind === 'mushrooms' ? turned(soil, 1.6) : soil, depth);
    const count = local.int(2, 4) - i;
    for (let j = 0; j < count; j++) {
      const x = (side * (j + local.range(0.15, 0.85))) / count;
      const h = local.range(34, 66) * (0.8 + 0.5 * i);
      if (kind === 'spires') {
        const w = h * local.range(0.18, 0.3);
        canvas.layer(
          `${curve([
            [x - w * 1.6, base + 14],
            [x - w * 0.6, base - h * 0.4],
            [x, base - h],
          ])}${curve([
            [x, base - h],
            [x + w * 0.5, base - h * 0.45],
            [x + w * 1.7, base + 14],
          ]).replace('M', 'L')}Z`,
          colour,
          { top: base - h, bottom: base + 10 },
        );
        canvas.shape(
          `${curve([
            [x, base - h],
            [x + w * 0.5, base - h * 0.45],
            [x + w * 1.7, base + 14],
          ])}L${x + w * 0.3} ${base + 14}Z`,
          lighter(colour, -0.07),
          0.8,
        );
      } else if (kind === 'arches') {
        const w = h * local.range(0.7, 1);
        canvas.stroke(
          `M${x - w / 2} ${base + 12}C${x - w * 0.6} ${base - h * 1.1} ${x + w * 0.62} ${base - h * 1.15} ${x + w / 2} ${base + 12}`,
          colour,
          h * 0.2,
        );
      } else if (kind === 'crystals') {
        for (const lean of [-0.4, 0.36, 0]) {
          const [tall, w] = [h * (lean === 0 ? 1 : 0.62), h * 0.12];
          const at = x + lean * h * 0.5;
          const tip: Point = [at + lean * tall * 0.6, base - tall];
          canvas.cut(
            polygon([
              [at - w, base + 10],
              [tip[0] - w * 0.8, tip[1] + tall * 0.2],
              tip,
              [tip[0] + w * 0.8, tip[1] + tall * 0.2],
              [at + w, base + 10],
            ]),
            colour,
          );
          canvas.shape(
            polygon([[at, base + 10], tip, [tip[0] + w * 0.8, tip[1] + tall * 0.2], [at + w, base + 10]]),
            lighter(colour, 0.09),
            0.8,
          );
        }
      } else {
        canvas.stroke(
          curve([
            [x, base + 10],
            [x + h * 0.05, base - h * 0.4],
            [x, base - h * 0.8],
          ]),
          lighter(light.lit(soil, depth), 0.08),
          h * 0.11,
        );
        canvas.cut(
          `M${x - h * 0.42} ${base - h * 0.7}A${h * 0.42} ${h * 0.36} 0 0 1 ${x + h * 0.42} ${base - h * 0.7}Q${x} ${base - h * 0.58} ${x - h * 0.42} ${base - h * 0.7}Z`,
          colour,
        );
        canvas.shape(
          circle(x - h * 0.16, base - h * 0.84, h * 0.07) +
            circle(x + h * 0.13, base - h * 0.88, h * 0.06) +
            circle(x + h * 0.02, base - h * 0.76, h * 0.04),
          lighter(colour, 0.13),
        );
      }
    }
    hill(
      view,
      local.fork('floor'),
      { y: base + 8, height: 7, bumps: 2, rough: 0.4 },
      light.lit(soil, depth - 0.08),
    );
    mistAt(view, base);
  }
  const near = ridge(random.fork('near'), {
    y: side - rest * 0.34,
    height: 9,
    bumps: 1.6,
    rough: 0.4,
    octaves: 2,
    steps: 18,
  });
  const front = light.lit(lighter(soil, -0.05), 0.02);
  canvas.layer(under(line(near)), front, { top: side - rest * 0.42, foot: lighter(front, -0.07) });
  const craters = random.fork('craters');
  for (let i = 0; i < craters.int(2, 5); i++) {
    const [x, y, r] = [craters.range(0, side), side - rest * craters.range(0.02, 0.22), craters.range(7, 18)];
    canvas.shape(ellipse(x, y, r, r * 0.32), lighter(front, -0.08));
    canvas.shape(ellipse(x, y + r * 0.08, r * 0.82, r * 0.22), lighter(front, -0.03));
  }
  standOn(view, near, 62, 0.02, 7);
};

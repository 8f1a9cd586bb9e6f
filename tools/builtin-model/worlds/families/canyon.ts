import { lighter, mix } from '../colour.ts';
import { ground } from '../palettes.ts';
import { line, polygon, ridge, side, under } from '../shapes.ts';
import type { Point } from '../shapes.ts';
import { drawThings } from '../things/index.ts';
import { hill, mistAt, standOn } from './common.ts';
import type { DrawFamily } from './common.ts';

/** Mesas and buttes with layers of rock, one behind the other. */
export const canyon: DrawFamily = (view) => {
  const { random, light, horizon, canvas, disc } = view;
  const clay = mix(ground.clay, ground.clayPale, random.fork('clay').next());
  const rest = side - horizon;
  for (const [i, depth] of [0.85, 0.55, 0.28].entries()) {
    const local = random.fork(`mesas ${i}`);
    const base = horizon + rest * (0.1 + 0.2 * i);
    const colour = light.lit(clay, depth);
    const count = [3, 2, 2][i] ?? 2;
    for (let j = 0; j < count; j++) {
      const x = (side * (j + local.range(0.15, 0.85))) / count;
      const height = local.range(34, 66) * (0.75 + 0.4 * i) * (j % 2 ? 0.8 : 1);
      const top = local.range(14, 34) * (0.8 + 0.5 * i);
      const foot = top + height * local.range(0.35, 0.6);
      const y = base - height;
      const left: Point[] = [
        [x - foot, base + 40],
        [x - foot, base],
        [x - top * 1.2, base - height * 0.42],
        [x - top * 1.1, base - height * 0.46],
        [x - top, y + local.range(0, 3)],
      ];
      const right: Point[] = [
        [x + top, y + local.range(0, 3)],
        [x + top * 1.1, base - height * 0.5],
        [x + top * 1.25, base - height * 0.44],
        [x + foot, base],
        [x + foot, base + 40],
      ];
      canvas.layer(polygon([...left, ...right]), colour, { top: y, bottom: base + 20, mist: 0.35 });
      const away = disc.x < x ? 1 : -1;
      const face = away > 0 ? right : [...left].reverse();
      canvas.shape(
        polygon([[x + away * top * 0.25, y + 1], ...face.slice(0, 4), [x + away * top * 0.5, base]]),
        mix(lighter(colour, -0.08), light.colours.stops[0], 0.1),
        0.8,
      );
      for (const band of [0.14, 0.3]) {
        const by = y + height * band;
        canvas.shape(
          polygon([
            [x - top * 1.02, by],
            [x + top * 1.02, by + 1],
            [x + top * 1.05, by + height * 0.06],
            [x - top * 1.05, by + height * 0.06],
          ]),
          lighter(colour, band < 0.2 ? 0.05 : -0.05),
          0.75,
        );
      }
    }
    hill(view, local.fork('floor'), { y: base + 2, height: 5, bumps: 2, rough: 0.4 }, lighter(colour, 0.02));
    mistAt(view, base);
    if (i === 1) drawThings(view, 'span', () => ({ x: side / 2, y: base + 22, size: 44, depth: 0.35 }));
  }
  const near = ridge(random.fork('near'), {
    y: horizon + rest * 0.68,
    height: 10,
    bumps: 2,
    rough: 0.55,
    steps: 22,
  });
  const front = light.lit(mix(clay, ground.sand, 0.3), 0.06);
  canvas.layer(under(line(near)), front, { top: horizon + rest * 0.6, foot: lighter(front, -0.06) });
  standOn(view, near, 52, 0.04, 5);
};

import { lighter, mix } from '../colour.ts';
import { ground } from '../palettes.ts';
import { curve, side, under } from '../shapes.ts';
import type { Point } from '../shapes.ts';
import { mistAt, standOn } from './common.ts';
import type { DrawFamily } from './common.ts';

/** Dunes with a lit and a shaded side of the crest. */
export const dunes: DrawFamily = (view) => {
  const { random, light, canvas, horizon, disc } = view;
  const sand = mix(
    ground.sand,
    random.fork('sand').chance(0.3) ? ground.clayPale : ground.sandPale,
    random.range(0, 0.8),
  );
  const count = random.int(4, 5);
  for (let i = 0; i < count; i++) {
    const t = i / (count - 1);
    const depth = 0.85 * (1 - t);
    const base = horizon + (side - horizon) * (0.06 + 0.72 * t);
    const local = random.fork(`dune ${i}`);
    const height = (18 + 26 * t) * local.range(0.8, 1.25);
    const crest = side * local.range(0.2, 0.8);
    const points: Point[] = [
      [-20, base + local.range(-2, 10)],
      [crest * 0.5, base - height * local.range(0.25, 0.55)],
      [crest, base - height],
      [(crest + side) / 2, base - height * local.range(0.2, 0.5)],
      [side + 20, base + local.range(-2, 10)],
    ];
    const colour = light.lit(sand, depth);
    canvas.layer(under(curve(points)), colour, {
      top: base - height,
      bottom: base + 46,
      foot: lighter(colour, -0.05),
    });
    // A winding edge from the crest down separates light from shadow.
    const away = disc.x < crest ? 1 : -1;
    const edge: Point[] = [];
    for (let j = 0; j <= 5; j++) {
      const s = j / 5;
      edge.push([
        crest + away * (local.range(-7, 7) * (j ? 1 : 0) - 26 * s * Math.sin(s * 3.4) + 34 * s * s),
        base - height + (side + 10 - base + height) * s,
      ]);
    }
    const slope = points.filter(([x]) => (x - crest) * away >= 0);
    const outer = away > 0 ? slope : [...slope].reverse();
    const shade = mix(lighter(colour, -0.1), light.colours.stops[0], 0.14);
    canvas.shape(
      `${curve(outer)}L${away > 0 ? side + 20 : -20} ${side + 10}L${curve([...edge].reverse()).slice(1)}Z`,
      shade,
      0.8,
    );
    if (i < count - 1) mistAt(view, base + 4);
    if (i === count - 2) standOn(view, points, 48, depth, 8);
  }
};

import { hex, lighter } from '../colour.ts';
import { ground } from '../palettes.ts';
import { circle, polygon, rectangle } from '../shapes.ts';
import type { DrawThing } from './place.ts';

/** Striped lighthouse, with beams in the dark. */
export const lighthouse: DrawThing = ({ canvas, light }, { x, y, size, depth }, random) => {
  const stripe = light.lit(
    random.pick([hex('#c8402f'), hex('#28517a'), hex('#c8402f'), hex('#30363f')]),
    depth,
  );
  const wall = light.lit(ground.white, depth);
  const h = size;
  const [foot, head] = [h * 0.15, h * 0.095];
  const width = (t: number) => foot + (head - foot) * t;
  const lamp = y - h * 0.83;
  if (light.dark) {
    const beam = light.glowing(ground.window);
    const lean = random.range(-0.12, 0.12);
    for (const to of [-1, 1]) {
      canvas.shape(
        polygon([
          [x, lamp],
          [x + to * h * 2.6, lamp + h * (lean * to - 0.34)],
          [x + to * h * 2.6, lamp + h * (lean * to + 0.26)],
        ]),
        beam,
        0.2,
      );
    }
    canvas.glow(x, lamp, h * 0.5, beam, 0.75);
  }
  const band = (from: number, to: number) =>
    polygon([
      [x - width(from), y - h * 0.76 * from],
      [x + width(from), y - h * 0.76 * from],
      [x + width(to), y - h * 0.76 * to],
      [x - width(to), y - h * 0.76 * to],
    ]);
  canvas.cut(band(0, 1), wall);
  canvas.shape(band(0.14, 0.36) + band(0.58, 0.8), stripe);
  canvas.shape(rectangle(x - head * 1.35, y - h * 0.78, head * 2.7, h * 0.035), light.lit(ground.ink, depth));
  canvas.shape(
    rectangle(x - head * 0.75, y - h * 0.89, head * 1.5, h * 0.12),
    light.dark ? light.glowing(ground.window) : lighter(wall, -0.1),
  );
  canvas.cut(
    polygon([
      [x - head * 1.05, y - h * 0.885],
      [x + head * 1.05, y - h * 0.885],
      [x, y - h],
    ]),
    stripe,
  );
  if (light.dark) canvas.shape(circle(x, lamp, h * 0.04), light.glowing(ground.white));
};

import { lighter } from '../colour.ts';
import { accents, ground } from '../palettes.ts';
import { line, polygon } from '../shapes.ts';
import type { DrawThing } from './place.ts';

/** Striped hot-air balloon. */
export const balloon: DrawThing = ({ canvas, light }, { x, y, size, depth }, random) => {
  const [first, second] = random.shuffled(accents);
  const one = light.lit(first ?? accents[0], depth);
  const two = light.lit(second ?? accents[0], depth);
  const r = size * 0.38;
  const top = y - size * 0.12;
  const foot = top + r * 1.45;
  const envelope = (wide: number) =>
    `M${x} ${top - r}C${x + r * 1.33 * wide} ${top - r} ${x + r * 1.25 * wide} ${top + r * 0.55} ${x + r * 0.26 * wide} ${foot}L${x - r * 0.26 * wide} ${foot}C${x - r * 1.25 * wide} ${top + r * 0.55} ${x - r * 1.33 * wide} ${top - r} ${x} ${top - r}Z`;
  const basket = light.lit(ground.bark, depth);
  canvas.stroke(
    line([
      [x - r * 0.24, foot],
      [x - r * 0.17, foot + r * 0.5],
    ]),
    basket,
    0.9,
  );
  canvas.stroke(
    line([
      [x + r * 0.24, foot],
      [x + r * 0.17, foot + r * 0.5],
    ]),
    basket,
    0.9,
  );
  canvas.cut(envelope(1), one);
  canvas.shape(envelope(0.68), two);
  canvas.shape(envelope(0.3), lighter(one, 0.03));
  if (light.dark) canvas.glow(x, foot - r * 0.2, r * 0.9, light.glowing(ground.window), 0.5);
  canvas.shape(
    polygon([
      [x - r * 0.2, foot + r * 0.46],
      [x + r * 0.2, foot + r * 0.46],
      [x + r * 0.16, foot + r * 0.8],
      [x - r * 0.16, foot + r * 0.8],
    ]),
    basket,
  );
};

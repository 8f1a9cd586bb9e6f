import { lighter } from '../colour.ts';
import { accents, ground } from '../palettes.ts';
import { capsule, line } from '../shapes.ts';
import type { DrawThing } from './place.ts';

/** A boat with two sails. */
export const sailboat: DrawThing = ({ canvas, light }, { x, y, size, depth }, random) => {
  const hull = light.lit(random.pick(accents), depth);
  const sail = light.lit(random.chance(0.6) ? ground.white : random.pick(accents), depth * 0.8);
  const flip = random.sign();
  const h = size;
  const w = size * 0.42;
  const top = y - h;
  canvas.stroke(
    line([
      [x, y - h * 0.16],
      [x, top],
    ]),
    light.lit(ground.bark, depth),
    Math.max(1, h * 0.025),
  );
  const main = `M${x + flip * h * 0.03} ${top + h * 0.04}Q${x + flip * w * 1.15} ${y - h * 0.5} ${x + flip * w * 0.95} ${y - h * 0.22}L${x + flip * h * 0.03} ${y - h * 0.2}Z`;
  const jib = `M${x - flip * h * 0.03} ${top + h * 0.12}Q${x - flip * w * 0.35} ${y - h * 0.42} ${x - flip * w * 0.85} ${y - h * 0.2}L${x - flip * h * 0.03} ${y - h * 0.2}Z`;
  canvas.cut(main, sail);
  canvas.cut(jib, lighter(sail, -0.07));
  canvas.cut(
    `M${x - w} ${y - h * 0.15}L${x + w * 1.05} ${y - h * 0.15}Q${x + w * 0.9} ${y + h * 0.03} ${x + w * 0.55} ${y + h * 0.04}L${x - w * 0.6} ${y + h * 0.04}Q${x - w * 0.9} ${y} ${x - w} ${y - h * 0.15}Z`,
    hull,
  );
  canvas.shape(capsule(x, y + h * 0.05, w * 2.3, 2), lighter(light.colours.haze, 0.06), 0.7);
};

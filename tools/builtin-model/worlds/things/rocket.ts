import { lighter } from '../colour.ts';
import { accents, ground } from '../palettes.ts';
import { circle, polygon } from '../shapes.ts';
import type { DrawThing } from './place.ts';

/** Rocket standing on three fins. */
export const rocket: DrawThing = ({ canvas, light }, { x, y, size, depth }, random) => {
  const h = size * 1.15;
  const w = h * 0.17;
  const body = light.lit(ground.white, depth * 0.6);
  const trim = light.lit(random.pick(accents), depth * 0.6);
  canvas.cut(
    polygon([
      [x - w * 0.7, y - h * 0.36],
      [x - w * 2, y + 1],
      [x - w * 0.6, y - h * 0.1],
    ]),
    trim,
  );
  canvas.cut(
    polygon([
      [x + w * 0.7, y - h * 0.36],
      [x + w * 2, y + 1],
      [x + w * 0.6, y - h * 0.1],
    ]),
    lighter(trim, -0.05),
  );
  canvas.cut(
    `M${x} ${y - h}C${x + w * 1.5} ${y - h * 0.72} ${x + w * 1.35} ${y - h * 0.3} ${x + w * 0.7} ${y - h * 0.1}H${x - w * 0.7}C${x - w * 1.35} ${y - h * 0.3} ${x - w * 1.5} ${y - h * 0.72} ${x} ${y - h}Z`,
    body,
  );
  canvas.shape(
    `M${x} ${y - h}C${x + w * 0.62} ${y - h * 0.88} ${x + w * 0.9} ${y - h * 0.8} ${x + w} ${y - h * 0.7}H${x - w}C${x - w * 0.9} ${y - h * 0.8} ${x - w * 0.62} ${y - h * 0.88} ${x} ${y - h}Z`,
    trim,
  );
  canvas.shape(circle(x, y - h * 0.53, w * 0.52), lighter(trim, -0.1));
  canvas.shape(circle(x, y - h * 0.53, w * 0.36), light.glowing(ground.window));
  canvas.shape(
    polygon([
      [x - w * 0.22, y - h * 0.3],
      [x + w * 0.22, y - h * 0.3],
      [x + w * 0.16, y + 1],
      [x - w * 0.16, y + 1],
    ]),
    lighter(trim, -0.05),
  );
};

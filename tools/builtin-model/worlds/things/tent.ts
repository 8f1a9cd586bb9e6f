import { hex, lighter } from '../colour.ts';
import { ground } from '../palettes.ts';
import { polygon } from '../shapes.ts';
import type { DrawThing } from './place.ts';

/** Tent, lit from inside after sunset. */
export const tent: DrawThing = ({ canvas, light }, { x, y, size, depth }, random) => {
  const cloth = light.dark
    ? light.glowing(hex('#f2a33c'))
    : light.lit(random.pick([hex('#e8792f'), hex('#e3b23c'), hex('#d1495b'), hex('#3a8f9e')]), depth);
  const h = size * 0.8;
  if (light.dark) canvas.glow(x, y - h * 0.3, h * 1.5, light.glowing(ground.window), 0.4);
  canvas.cut(
    polygon([
      [x - h * 0.95, y + 1],
      [x - h * 0.1, y - h],
      [x + h * 0.62, y - h * 0.86],
      [x + h * 1.15, y + 1],
    ]),
    lighter(cloth, -0.09),
  );
  canvas.shape(
    polygon([
      [x - h * 0.95, y + 1],
      [x - h * 0.1, y - h],
      [x + h * 0.55, y + 1],
    ]),
    cloth,
  );
  canvas.shape(
    polygon([
      [x - h * 0.34, y + 1],
      [x - h * 0.1, y - h * 0.72],
      [x + h * 0.12, y + 1],
    ]),
    light.dark ? light.glowing(ground.window) : lighter(cloth, -0.25),
  );
};

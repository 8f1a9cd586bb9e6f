import { hex, lighter } from '../colour.ts';
import { ground } from '../palettes.ts';
import { circle, polygon, rectangle } from '../shapes.ts';
import type { DrawThing } from './place.ts';

/** Cottage with a chimney; its windows are lit in the dark. */
export const house: DrawThing = ({ canvas, light, plants }, { x, y, size, depth }, random) => {
  const wall = light.lit(
    random.pick([ground.wall, hex('#d9a066'), hex('#c25e4a'), hex('#e8e2d4'), hex('#8f6a4e')]),
    depth,
  );
  const roof = light.lit(
    plants.snow ? ground.snow : random.pick([ground.roof, ground.roofBlue, hex('#5a4336')]),
    depth,
  );
  const glass = light.dark ? light.glowing(ground.window, depth) : light.lit(hex('#6f93ad'), depth);
  const h = size;
  const w = h * random.range(1.05, 1.3);
  const flip = random.sign();
  const left = x - w / 2;
  if (!plants.snow && !light.dark) {
    canvas.shape(
      circle(x - flip * w * 0.24 + h * 0.1, y - h * 1.24, h * 0.1) +
        circle(x - flip * w * 0.24 + h * 0.24, y - h * 1.42, h * 0.14),
      light.lit(ground.white, 0.5),
      0.5,
    );
  }
  canvas.shape(
    rectangle(x - flip * w * 0.24 - h * 0.06, y - h * 1.05, h * 0.14, h * 0.4),
    lighter(roof, -0.12),
  );
  canvas.cut(rectangle(left, y - h * 0.56, w, h * 0.6), wall);
  canvas.shape(rectangle(flip > 0 ? left : x, y - h * 0.56, w / 2, h * 0.6), lighter(wall, -0.06));
  canvas.cut(
    polygon([
      [left - h * 0.1, y - h * 0.53],
      [left + w * 0.2, y - h],
      [left + w * 0.8, y - h],
      [left + w + h * 0.1, y - h * 0.53],
    ]),
    roof,
  );
  canvas.shape(
    rectangle(x - w * 0.36, y - h * 0.4, w * 0.19, h * 0.2) +
      rectangle(x + w * 0.17, y - h * 0.4, w * 0.19, h * 0.2),
    glass,
  );
  canvas.shape(rectangle(x - w * 0.08, y - h * 0.36, w * 0.16, h * 0.4), lighter(wall, -0.24));
  if (light.dark) canvas.glow(x, y - h * 0.3, h * 0.9, light.glowing(ground.window), 0.28);
};

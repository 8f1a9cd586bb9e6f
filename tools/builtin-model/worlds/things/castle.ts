import { hex, lighter } from '../colour.ts';
import { accents, ground } from '../palettes.ts';
import { polygon, rectangle } from '../shapes.ts';
import type { DrawThing } from './place.ts';

/** Castle with three towers. */
export const castle: DrawThing = ({ canvas, light }, { x, y, size, depth }, random) => {
  const wall = light.lit(random.pick([ground.stone, hex('#d8cbb8'), hex('#b9b4c4')]), depth);
  const roof = light.lit(random.pick([ground.roof, ground.roofBlue, hex('#6b4f8a')]), depth);
  const glass = light.dark ? light.glowing(ground.window, depth) : lighter(wall, -0.28);
  const h = size;
  const tower = (at: number, width: number, height: number) => {
    const [w, top] = [h * width, y - h * height];
    canvas.cut(rectangle(x + h * at - w / 2, top, w, y - top + 2), wall);
    canvas.shape(rectangle(x + h * at, top, w / 2, y - top + 2), lighter(wall, -0.05));
    canvas.cut(
      polygon([
        [x + h * at - w * 0.68, top + 1],
        [x + h * at, top - h * width * 1.5],
        [x + h * at + w * 0.68, top + 1],
      ]),
      roof,
    );
    canvas.shape(rectangle(x + h * at - w * 0.12, top + h * 0.12, w * 0.24, h * 0.12), glass);
  };
  tower(-0.36, 0.17, 0.5);
  tower(0.38, 0.17, 0.44);
  canvas.cut(rectangle(x - h * 0.36, y - h * 0.34, h * 0.74, h * 0.36), lighter(wall, 0.02));
  for (let i = 0; i < 5; i++) {
    canvas.shape(
      rectangle(x - h * (0.36 - i * 0.155), y - h * 0.39, h * 0.09, h * 0.06),
      lighter(wall, 0.02),
    );
  }
  tower(0.02, 0.22, 0.66);
  canvas.shape(
    `M${x - h * 0.09} ${y + 2}v${-h * 0.14}a${h * 0.09} ${h * 0.09} 0 0 1 ${h * 0.18} 0v${h * 0.14}Z`,
    lighter(wall, -0.3),
  );
  const flag = y - h * (0.66 + 0.22 * 1.5);
  canvas.shape(
    polygon([
      [x + h * 0.02, flag - h * 0.13],
      [x + h * 0.19, flag - h * 0.085],
      [x + h * 0.02, flag - h * 0.04],
    ]),
    light.lit(random.pick(accents), depth),
  );
  canvas.shape(rectangle(x + h * 0.012, flag - h * 0.13, h * 0.02, h * 0.16), lighter(wall, -0.3));
};

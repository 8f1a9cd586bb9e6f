import { hex, lighter } from '../colour.ts';
import { capsule } from '../shapes.ts';
import type { DrawThing } from './place.ts';

/** Two to four saguaros. */
export const cacti: DrawThing = ({ canvas, light }, { x, y, size, depth }, random) => {
  const count = random.int(2, 4);
  for (let i = 0; i < count; i++) {
    const h = size * random.range(0.5, 1);
    const w = h * 0.17;
    const cx = x + (i - (count - 1) / 2) * size * 0.62;
    const green = light.lit(lighter(hex('#4f8f57'), random.range(-0.03, 0.03)), depth);
    let path = `M${cx - w / 2} ${y + 2}V${y - h + w / 2}a${w / 2} ${w / 2} 0 0 1 ${w} 0V${y + 2}Z`;
    for (const to of random.pick([[-1, 1], [-1], [1], [1, -1]])) {
      const [from, rise, out] = [
        y - h * random.range(0.32, 0.52),
        h * random.range(0.22, 0.34),
        w * random.range(1.25, 1.6),
      ];
      const a = w * 0.74;
      path += capsule(cx + (to * out) / 2, from, out + a, a);
      path += `M${cx + to * out - a / 2} ${from}v${-rise}a${a / 2} ${a / 2} 0 0 1 ${a} 0v${rise}Z`;
    }
    canvas.cut(path, green);
    canvas.shape(
      `M${cx + w * 0.12} ${y + 2}V${y - h + w * 0.5}h${w * 0.16}V${y + 2}Z`,
      lighter(green, -0.06),
    );
  }
};

import { lighter } from '../colour.ts';
import { ground } from '../palettes.ts';
import { circle, line, polygon, rectangle } from '../shapes.ts';
import type { Point } from '../shapes.ts';
import type { DrawThing } from './place.ts';

/** Windmill with four sails. */
export const windmill: DrawThing = ({ canvas, light }, { x, y, size, depth }, random) => {
  const h = size * 0.72;
  const wall = light.lit(random.pick([ground.wall, ground.stone, ground.wall]), depth);
  const cap = light.lit(random.pick([ground.roof, ground.roofBlue, ground.bark]), depth);
  const sail = light.lit(ground.white, depth * 0.7);
  const [foot, head] = [h * 0.27, h * 0.17];
  canvas.cut(
    polygon([
      [x - foot, y + 1],
      [x - head, y - h * 0.84],
      [x + head, y - h * 0.84],
      [x + foot, y + 1],
    ]),
    wall,
  );
  canvas.shape(
    polygon([
      [x, y + 1],
      [x, y - h * 0.84],
      [x + head, y - h * 0.84],
      [x + foot, y + 1],
    ]),
    lighter(wall, -0.05),
  );
  canvas.cut(
    `M${x - head * 1.15} ${y - h * 0.83}Q${x} ${y - h * 1.25} ${x + head * 1.15} ${y - h * 0.83}Z`,
    cap,
  );
  canvas.shape(rectangle(x - h * 0.07, y - h * 0.25, h * 0.14, h * 0.26), lighter(wall, -0.26));
  canvas.shape(
    rectangle(x - h * 0.05, y - h * 0.56, h * 0.1, h * 0.12),
    light.dark ? light.glowing(ground.window) : lighter(wall, -0.26),
  );
  const hub: Point = [x, y - h * 0.84];
  const begin = random.range(0.2, 1.3);
  for (let i = 0; i < 4; i++) {
    const angle = begin + (i * Math.PI) / 2;
    const [c, s] = [Math.cos(angle), Math.sin(angle)];
    const point = (along: number, across: number): Point => [
      hub[0] + h * (c * along - s * across),
      hub[1] + h * (s * along + c * across),
    ];
    canvas.cut(polygon([point(0.14, 0.02), point(0.66, 0.02), point(0.66, 0.16), point(0.14, 0.13)]), sail);
    canvas.stroke(line([hub, point(0.7, 0)]), light.lit(ground.bark, depth), Math.max(1, h * 0.03));
  }
  canvas.shape(circle(hub[0], hub[1], h * 0.05), light.lit(ground.bark, depth));
};

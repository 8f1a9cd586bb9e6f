import { hex, lighter } from '../colour.ts';
import { ground } from '../palettes.ts';
import { curve } from '../shapes.ts';
import type { Point } from '../shapes.ts';
import type { DrawThing } from './place.ts';

/** Two or three leaning palms. */
export const palms: DrawThing = ({ canvas, light }, { x, y, size, depth }, random) => {
  const count = random.int(2, 3);
  const bark = light.lit(ground.bark, depth);
  for (let i = 0; i < count; i++) {
    const h = size * random.range(0.8, 1.15);
    const foot: Point = [x + (i - (count - 1) / 2) * size * 0.34, y + 2];
    const lean = random.range(-0.32, 0.32) * h;
    const head: Point = [foot[0] + lean, foot[1] - h];
    canvas.stroke(
      curve([foot, [foot[0] + lean * 0.25, foot[1] - h * 0.5], head]),
      bark,
      Math.max(1.6, h * 0.055),
    );
    const green = light.lit(lighter(hex('#3f8f4f'), random.range(-0.04, 0.04)), depth);
    const leaves = 7;
    for (let j = 0; j < leaves; j++) {
      const angle = Math.PI * (1.14 - (1.28 * j) / (leaves - 1));
      const r = h * random.range(0.36, 0.46);
      const tip: Point = [
        head[0] + r * Math.cos(angle) * 1.1,
        head[1] - r * Math.sin(angle) * 0.55 + r * 0.42,
      ];
      const up: Point = [
        head[0] + r * 0.6 * Math.cos(angle),
        head[1] - r * 0.55 * Math.abs(Math.sin(angle)) - r * 0.3,
      ];
      const w = r * 0.17;
      canvas.shape(
        `M${head[0].toFixed(1)} ${head[1].toFixed(1)}Q${up[0].toFixed(1)} ${(up[1] - w).toFixed(1)} ${tip[0].toFixed(1)} ${tip[1].toFixed(1)}Q${up[0].toFixed(1)} ${(up[1] + w * 1.6).toFixed(1)} ${head[0].toFixed(1)} ${(head[1] + 1).toFixed(1)}Z`,
        lighter(green, j % 2 ? -0.03 : 0.02),
      );
    }
  }
};

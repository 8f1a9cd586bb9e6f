import { hex, lighter, mix } from '../colour.ts';
import { curve } from '../shapes.ts';
import type { DrawThing } from './place.ts';

/** Glowing jellyfish. */
export const jellyfish: DrawThing = ({ canvas, light }, { x, y, size }, random) => {
  const colour = random.pick([hex('#f7a8c4'), hex('#b9a7f2'), hex('#f6c58f'), hex('#9fe3e0')]);
  const count = random.int(2, 3);
  for (let i = 0; i < count; i++) {
    const r = size * random.range(0.22, 0.36);
    const jx = x + (i - (count - 1) / 2) * size * 0.95 + random.range(-5, 5);
    const jy = y + random.range(-0.5, 0.4) * size;
    const body = mix(colour, light.colours.stops[1], 0.12);
    canvas.glow(jx, jy, r * 2.4, colour, 0.38);
    for (let j = 0; j < 5; j++) {
      const tx = jx + (j - 2) * r * 0.38;
      const sway = random.range(-0.35, 0.35) * r;
      canvas.stroke(
        curve([
          [tx, jy],
          [tx + sway, jy + r * 0.8],
          [tx - sway, jy + r * 1.5],
          [tx + sway * 0.5, jy + r * random.range(1.9, 2.4)],
        ]),
        lighter(body, -0.04),
        Math.max(1.1, r * 0.09),
        0.8,
      );
    }
    canvas.cut(
      `M${jx - r} ${jy + r * 0.1}A${r} ${r * 1.05} 0 0 1 ${jx + r} ${jy + r * 0.1}Q${jx + r * 0.66} ${jy + r * 0.36} ${jx + r * 0.33} ${jy + r * 0.12}Q${jx} ${jy + r * 0.38} ${jx - r * 0.33} ${jy + r * 0.12}Q${jx - r * 0.66} ${jy + r * 0.36} ${jx - r} ${jy + r * 0.1}Z`,
      body,
    );
    canvas.shape(
      `M${jx - r * 0.66} ${jy - r * 0.18}A${r * 0.7} ${r * 0.62} 0 0 1 ${jx + r * 0.1} ${jy - r * 0.72}A${r * 0.8} ${r * 0.6} 0 0 0 ${jx - r * 0.66} ${jy - r * 0.18}Z`,
      lighter(body, 0.12),
    );
  }
};

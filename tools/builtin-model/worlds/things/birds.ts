import { mix } from '../colour.ts';
import { ground } from '../palettes.ts';
import type { DrawThing } from './place.ts';

/** Distant flock of birds. */
export const birds: DrawThing = ({ canvas, light }, { x, y, size }, random) => {
  const colour = mix(ground.ink, light.colours.stops[0], light.dark ? 0.1 : 0.15);
  const pale = light.dark ? mix(light.colours.haze, ground.white, 0.35) : colour;
  const count = random.int(5, 8);
  const lean = random.range(-0.3, 0.3);
  for (let i = 0; i < count; i++) {
    const w = size * random.range(0.16, 0.27);
    const bx = x + (i - count / 2) * size * 0.4 + random.range(-4, 4);
    const by = y + Math.abs(i - count / 2) * size * (0.13 + lean * 0.1) + random.range(-4, 4);
    const lift = w * random.range(0.35, 0.6);
    canvas.stroke(
      `M${(bx - w).toFixed(1)} ${(by - lift * 0.5).toFixed(1)}Q${(bx - w * 0.4).toFixed(1)} ${(by - lift).toFixed(1)} ${bx.toFixed(1)} ${by.toFixed(1)}Q${(bx + w * 0.4).toFixed(1)} ${(by - lift).toFixed(1)} ${(bx + w).toFixed(1)} ${(by - lift * 0.5).toFixed(1)}`,
      pale,
      Math.max(1.3, w * 0.24),
    );
  }
};

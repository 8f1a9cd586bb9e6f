import { hex, lighter, mix } from '../colour.ts';
import { accents, ground } from '../palettes.ts';
import type { Random } from '../random.ts';
import { circle, curve, polygon, rectangle, side } from '../shapes.ts';
import type { Point } from '../shapes.ts';
import { drawThings } from '../things/index.ts';
import type { View } from '../view.ts';
import { acrossAt, hill } from './common.ts';
import type { DrawFamily } from './common.ts';

/** Underwater scene: light from above, a sandy floor, kelp and corals. The time of day tints the light. */
export const underwater: DrawFamily = (view) => {
  const { random, light, canvas, horizon, disc, scene } = view;
  const [, middle, low] = light.colours.stops;
  const blue = light.lit(hex('#2fa3c7'), 0.1);
  const surface = mix(mix(blue, low, 0.5), hex('#dff6f2'), light.dark ? 0 : 0.2);
  const deep = mix(light.lit(hex('#0f4f86'), 0), middle, 0.15);
  const whole = rectangle(-8, -8, side + 16, side + 16);
  if (scene.style === 'paper' || scene.style === 'print') {
    canvas.shape(whole, surface);
    for (let i = 1; i < 6; i++) {
      const local = random.fork(`depth ${i}`);
      const points: Point[] = Array.from({ length: 6 }, (_, j) => [
        -20 + j * 60,
        (side * i) / 7 + local.range(-9, 9),
      ]);
      canvas.cut(`${curve(points)}L${side + 20} ${side + 8}L-20 ${side + 8}Z`, mix(surface, deep, i / 5));
    }
  } else {
    canvas.graded(whole, 0, side, [
      [0, surface],
      [0.45, mix(surface, deep, 0.6)],
      [1, deep],
    ]);
  }
  const rays = random.fork('rays');
  const bright = light.glowing(mix(light.colours.disc, surface, 0.3));
  for (let i = 0; i < 4; i++) {
    const x = disc.x + (i - 1.5) * 40 + rays.range(-14, 14);
    const lean = (x - disc.x) * 0.7 + rays.range(-16, 16);
    const w = rays.range(6, 13);
    canvas.shape(
      polygon([
        [x - w, -8],
        [x + w, -8],
        [x + lean + w * 2.6, side * 0.85],
        [x + lean - w * 2.2, side * 0.85],
      ]),
      bright,
      light.dark ? 0.09 : 0.15,
    );
  }
  const floor = light.lit(mix(ground.sand, hex('#5f9fb0'), 0.45), 0.1);
  const rest = side - horizon;
  hill(
    view,
    random.fork('far'),
    { y: horizon + rest * 0.2, height: 22, bumps: 2.2, rough: 0.45 },
    mix(deep, floor, 0.3),
  );
  plantsAt(view, random.fork('far plants'), horizon + rest * 0.4, 0.7, 0.5);
  drawThings(view, 'deep', (index) => ({
    x: acrossAt(random.fork('deep'), index),
    y: horizon * random.fork(`deep ${index}`).range(0.35, 0.75) + 10,
    size: 58,
    depth: 0.15,
  }));
  hill(
    view,
    random.fork('mid'),
    { y: horizon + rest * 0.5, height: 13, bumps: 1.8, rough: 0.4 },
    mix(deep, floor, 0.62),
  );
  plantsAt(view, random.fork('plants'), horizon + rest * 0.66, 1, 0.18);
  hill(view, random.fork('near'), { y: side - rest * 0.2, height: 9, bumps: 1.5, rough: 0.4 }, floor);
  plantsAt(view, random.fork('near plants'), side - rest * 0.08, 1.35, 0);
  const bubbles = random.fork('bubbles');
  for (let i = 0; i < 4; i++) {
    const x = bubbles.range(10, side - 10);
    for (let j = 0; j < 3; j++) {
      canvas.stroke(
        circle(x + bubbles.range(-7, 7), bubbles.range(30, side - 40), bubbles.range(1.6, 3.8)),
        lighter(surface, 0.06),
        1,
        0.7,
      );
    }
  }
};

/** Draws kelp and corals along a line. */
function plantsAt(view: View, random: Random, y: number, size: number, depth: number): void {
  const { canvas, light } = view;
  for (let x = random.range(-10, 20); x < side + 10; x += random.range(20, 52)) {
    const foot = y + random.range(2, 12);
    if (random.chance(0.5)) {
      const green = light.lit(mix(ground.kelp, hex('#7fb35a'), random.next()), depth);
      for (let i = 0; i < 3; i++) {
        const h = size * random.range(26, 62);
        const sway = random.range(5, 9) * size * random.sign();
        const at = x + (i - 1) * 6 * size;
        canvas.stroke(
          curve([
            [at, foot],
            [at + sway, foot - h * 0.33],
            [at - sway, foot - h * 0.66],
            [at + sway * 0.6, foot - h],
          ]),
          lighter(green, 0.03 * (i - 1)),
          3.4 * size,
        );
      }
    } else {
      const colour = light.lit(
        random.pick([ground.coral, hex('#f2a65a'), hex('#d783c8'), accents[3] ?? ground.coral]),
        depth,
      );
      const h = size * random.range(16, 30);
      for (const to of [-1, -0.45, 0.1, 0.6, 1]) {
        canvas.stroke(
          curve([
            [x, foot],
            [x + to * h * 0.3, foot - h * 0.5],
            [x + to * h * 0.62, foot - h * (1.05 - 0.35 * Math.abs(to))],
          ]),
          colour,
          4 * size,
        );
      }
    }
  }
}

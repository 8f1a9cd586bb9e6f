import { lighter, mix } from './colour.ts';
import type { Colour } from './colour.ts';
import { ground } from './palettes.ts';
import { capsule, rectangle, side } from './shapes.ts';
import type { View } from './view.ts';

/**
 * Draws a water surface from `top` down: mixed with the colours of the sky, with waves, and with a light path below the
 * sun or the moon.
 */
export function drawWater(
  view: View,
  top: number,
  { bottom = side, body = ground.water, calm = 0.5 }: { bottom?: number; body?: Colour; calm?: number } = {},
): void {
  const { canvas, light, random, disc } = view;
  const local = random.fork('water');
  const [, middle, low] = light.colours.stops;
  const far = mix(light.lit(body, 0.7), low, 0.45);
  const near = mix(light.lit(body, 0), middle, 0.25);
  const path = rectangle(-8, top, side + 16, bottom - top + 8);
  if (canvas.style === 'paper') {
    canvas.layer(path, far, { top });
  } else if (canvas.style === 'print') {
    canvas.shape(path, far);
    const bands = 4;
    for (let i = 1; i < bands; i++) {
      const y = top + (bottom - top) * (i / bands) ** 1.2;
      canvas.shape(rectangle(-8, y, side + 16, bottom - y + 8), mix(far, near, i / (bands - 1)));
    }
  } else {
    canvas.graded(path, top, bottom, [
      [0, far],
      [1, near],
    ]);
  }
  const height = bottom - top;
  const waves = (count: number, colour: Colour, opacity: number) => {
    let shape = '';
    for (let i = 0; i < count; i++) {
      const t = local.next() ** 0.8;
      const y = top + 4 + (height - 6) * t;
      shape += capsule(local.range(0, side), y, (10 + 34 * t) * local.range(0.6, 1.2), 1 + 1.5 * t);
    }
    canvas.shape(shape, colour, opacity);
  };
  waves(Math.round((1 - 0.5 * calm) * height * 0.16), lighter(near, 0.11), 0.5);
  waves(Math.round((1 - 0.5 * calm) * height * 0.1), lighter(near, -0.07), 0.45);
  if (shines(view)) {
    const colour = light.glowing(light.colours.disc);
    let path = '';
    // Strokes become wider and farther apart toward the viewer, and break up at the sides.
    for (let y = top + 2; y < bottom - 2; y += 3.6 + 0.075 * (y - top)) {
      const t = (y - top) / height;
      const width = disc.r * (1.5 - 0.35 * t) * local.range(0.55, 1.1);
      path += capsule(
        disc.x + local.range(-3, 3) * (1 + 3 * t),
        y + local.range(-0.7, 0.7),
        width * 1.5,
        1.5 + 1.7 * t,
      );
      if (local.chance(0.55)) {
        const beside = local.sign() * width * local.range(1, 1.5);
        path += capsule(
          disc.x + beside,
          y + local.range(-1, 2),
          width * local.range(0.25, 0.5),
          1.3 + 1.2 * t,
        );
      }
    }
    canvas.shape(path, colour, 0.8);
  }
}

/** Whether an object in the sky casts a light path on water. */
export function shines({ scene }: View): boolean {
  const lit = scene.sky === 'sun' || scene.sky.endsWith('moon') || scene.sky === 'ringed planet';
  return lit && scene.weather !== 'fog' && scene.weather !== 'rain';
}

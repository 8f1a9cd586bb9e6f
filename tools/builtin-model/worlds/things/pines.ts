import { lighter, mix } from '../colour.ts';
import type { Colour } from '../colour.ts';
import { ground } from '../palettes.ts';
import type { Random } from '../random.ts';
import { polygon, rectangle } from '../shapes.ts';
import type { Point } from '../shapes.ts';
import type { View } from '../view.ts';
import type { DrawThing } from './place.ts';

/** Small group of tall pines. */
export const pines: DrawThing = (view, { x, y, size, depth }, random) => {
  const count = random.int(3, 5);
  const spread = size * random.range(0.34, 0.5);
  for (const i of random.shuffled(Array.from({ length: count }, (_, i) => i))) {
    const at = x + (i - (count - 1) / 2) * spread + random.range(-0.1, 0.1) * size;
    pine(view, random, at, y + random.range(0, 0.08) * size, size * random.range(0.7, 1.15), depth);
  }
};

/**
 * Draws a pine with tiers of branches; snow-covered in winter.
 *
 * @param x - centre of the foot, like `y`, in user units
 * @param h - height in user units
 * @param depth - 0 in the foreground, 1 at the horizon
 */
export function pine(view: View, random: Random, x: number, y: number, h: number, depth: number): void {
  const { canvas, light, plants, scene } = view;
  const green = light.lit(lighter(plants.needles, random.range(-0.03, 0.03)), depth);
  const w = h * random.range(0.2, 0.27);
  canvas.shape(rectangle(x - h * 0.025, y - h * 0.14, h * 0.05, h * 0.16), light.lit(ground.bark, depth));
  canvas.cut(polygon(tiers(x, y, w, h)), green);
  if (plants.snow || (scene.family === 'arctic' && scene.weather !== 'clear')) {
    const snow = mix(light.lit(ground.snow, depth), green, 0.1);
    for (let i = 0; i < 3; i++) {
      const top = y - h * (1 - 0.27 * i);
      const half = w * (0.3 + 0.24 * i);
      canvas.shape(
        polygon([
          [x, top],
          [x + half, top + h * 0.2],
          [x + half * 0.3, top + h * 0.15],
          [x - half * 0.1, top + h * 0.21],
          [x - half * 0.5, top + h * 0.15],
          [x - half, top + h * 0.2],
        ]),
        snow,
      );
    }
  } else {
    canvas.shape(
      polygon([[x, y - h], ...tiers(x, y, w, h).filter(([px]) => px >= x), [x, y - h * 0.12]]),
      lighter(green, -0.035),
    );
  }
}

/** Outline of a pine: three tiers of increasing width, `w` to each side at the bottom. */
function tiers(x: number, y: number, w: number, h: number): Point[] {
  const right: Point[] = [
    [x, y - h],
    [x + w * 0.52, y - h * 0.6],
    [x + w * 0.26, y - h * 0.62],
    [x + w * 0.8, y - h * 0.34],
    [x + w * 0.42, y - h * 0.36],
    [x + w, y - h * 0.08],
  ];
  return [...right, ...[...right].reverse().map(([px, py]): Point => [2 * x - px, py])];
}

/**
 * Path data of a row of small pines along a ridge, for distant forests.
 *
 * @param ridge - y coordinate of the ground at an x coordinate
 * @param from - x coordinate of the first pine; `to` bounds the last
 * @param h - mean height
 */
export function pineRow(
  random: Random,
  ridge: (x: number) => number,
  from: number,
  to: number,
  h: number,
): string {
  let path = '';
  for (let x = from; x < to; x += h * random.range(0.2, 0.42)) {
    const height = h * random.range(0.65, 1.2);
    const [w, y] = [height * 0.24, ridge(x) + h * 0.16];
    path += polygon([
      [x, y - height],
      [x + w * 0.6, y - height * 0.52],
      [x + w * 0.35, y - height * 0.54],
      [x + w, y],
      [x - w, y],
      [x - w * 0.35, y - height * 0.54],
      [x - w * 0.6, y - height * 0.52],
    ]);
  }
  return path;
}

/** Colour of pines at a depth; whitened in winter. */
export function pineColour({ light, plants }: View, depth: number): Colour {
  const green = light.lit(plants.needles, depth);
  return plants.snow ? mix(green, light.lit(ground.snow, depth), 0.28) : green;
}

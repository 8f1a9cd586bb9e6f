import { pixelRms } from '../../../src/base/index.ts';
import type { Picture } from '../../../src/base/index.ts';

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Quantile of the values at `share` (0…1), with linear interpolation. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const rank = share * (sorted.length - 1);
  const [below = NaN, above = NaN] = [sorted[Math.floor(rank)], sorted[Math.ceil(rank)]];
  return below + (above - below) * (rank - Math.floor(rank));
}

/** Dot product of two vectors; equal to their cosine for unit vectors. */
export function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += (a[index] ?? NaN) * (b[index] ?? NaN);
  return sum;
}

/** Normalizes a vector to unit length. */
export function toUnit(values: Float32Array): Float32Array {
  const length = Math.sqrt(dot(values, values));
  return values.map((value) => value / length);
}

/** Mean of a function over all unordered pairs of items. */
export function meanOverPairs<T>(items: readonly T[], measure: (a: T, b: T) => number): number {
  return mean(items.flatMap((a, index) => items.slice(index + 1).map((b) => measure(a, b))));
}

/** Peak signal-to-noise ratio of two pictures of the same size, in dB. */
export function psnr(a: Picture, b: Picture): number {
  return 20 * Math.log10(255 / pixelRms(a, b));
}

/** Seeded uniform random numbers in 0…1 (mulberry32). */
export function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let word = Math.imul(state ^ (state >>> 15), state | 1);
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
    return ((word ^ (word >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Draws `count` items without replacement, in random order; all if there are fewer. */
export function draw<T>(items: readonly T[], count: number, random: () => number): T[] {
  const left = [...items];
  const drawn: T[] = [];
  while (drawn.length < count && left.length > 0) {
    drawn.push(...left.splice(Math.floor(random() * left.length), 1));
  }
  return drawn;
}

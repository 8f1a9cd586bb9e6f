import { isOpaque } from '../base/index.ts';
import type { Picture } from '../base/index.ts';
import type { PictureSize } from '../formats/index.ts';
import type { Orientation } from './orientation.ts';

/** Rectangle of a picture, in fractional pixels. */
export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Applies an EXIF orientation. */
export function oriented({ width, height, data }: Picture, orientation: Orientation): Picture {
  if (orientation === 1) return { width, height, data };
  const swaps = orientation >= 5;
  const [toWidth, toHeight] = swaps ? [height, width] : [width, height];
  const mirrorsX = [2, 3, 7, 8].includes(orientation);
  const mirrorsY = [3, 4, 6, 7].includes(orientation);
  const pixels = new Uint32Array(data.buffer, data.byteOffset, width * height);
  const turned = new Uint32Array(width * height);
  for (let y = 0; y < toHeight; y++) {
    for (let x = 0; x < toWidth; x++) {
      const [across, down] = swaps ? [y, x] : [x, y];
      const fromX = mirrorsX ? width - 1 - across : across;
      const fromY = mirrorsY ? height - 1 - down : down;
      turned[y * toWidth + x] = pixels[fromY * width + fromX] ?? 0;
    }
  }
  return { width: toWidth, height: toHeight, data: new Uint8ClampedArray(turned.buffer) };
}

/** Resampling kernel: nearest neighbour, cubic (radius 2) or Lanczos (radius 3). */
export type Resampling = 'nearest' | 'cubic' | 'lanczos';

/** Catmull–Rom cubic kernel (a = -1/2). */
function cubic(distance: number): number {
  const x = Math.abs(distance);
  if (x < 1) return 1.5 * x ** 3 - 2.5 * x ** 2 + 1;
  return x < 2 ? -0.5 * x ** 3 + 2.5 * x ** 2 - 4 * x + 2 : 0;
}

/** Lanczos kernel with three lobes (Duchon, 1979). */
function lanczos3(distance: number): number {
  if (distance === 0) return 1;
  if (Math.abs(distance) >= 3) return 0;
  const x = Math.PI * distance;
  return (3 * Math.sin(x) * Math.sin(x / 3)) / (x * x);
}

const kernels = { cubic: { radius: 2, at: cubic }, lanczos: { radius: 3, at: lanczos3 } };

/** Filter taps along one axis: for each output pixel the first source pixel, and `length` weights that add up to 1. */
interface Taps {
  readonly first: Int32Array;
  readonly weights: Float32Array;
  readonly length: number;
}

/** Taps for `target` output pixels that show `length` pixels from `start` of an axis of `side` pixels. */
function tapsOf(start: number, length: number, target: number, side: number, resampling: Resampling): Taps {
  const scale = length / target;
  const first = new Int32Array(target);
  if (resampling === 'nearest' || (scale === 1 && Number.isInteger(start))) {
    for (let i = 0; i < target; i++) first[i] = Math.min(side - 1, Math.floor(start + (i + 0.5) * scale));
    return { first, weights: new Float32Array(target).fill(1), length: 1 };
  }
  const { radius, at } = kernels[resampling];
  // For downscaling, widen the kernel to cover all source pixels, against aliasing.
  const stretch = Math.max(1, scale);
  const reach = radius * stretch;
  const count = Math.min(side, Math.ceil(2 * reach) + 1);
  const weights = new Float32Array(target * count);
  for (let i = 0; i < target; i++) {
    const centre = start + (i + 0.5) * scale;
    const begin = Math.min(Math.max(0, Math.ceil(centre - reach - 0.5)), side - count);
    first[i] = begin;
    let sum = 0;
    for (let tap = 0; tap < count; tap++) sum += at((begin + tap + 0.5 - centre) / stretch);
    for (let tap = 0; tap < count; tap++) {
      weights[i * count + tap] = at((begin + tap + 0.5 - centre) / stretch) / sum;
    }
  }
  return { first, weights, length: count };
}

/** Separable resampler of one rectangle of equally sized pictures to `width` × `height`, on white. Precomputes its taps. */
export class Resampler {
  readonly #width: number;
  readonly #height: number;
  readonly #across: Taps;
  readonly #down: Taps;
  /** First source row in use; `#rows` is their number. */
  readonly #firstRow: number;
  readonly #rows: number;
  /** RGB of these rows after horizontal resampling. */
  readonly #between: Float32Array;

  /** @param size Size of the pictures in pixels. */
  constructor(size: PictureSize, part: Rectangle, width: number, height: number, resampling: Resampling) {
    this.#width = width;
    this.#height = height;
    this.#across = tapsOf(part.x, part.width, width, size.width, resampling);
    this.#down = tapsOf(part.y, part.height, height, size.height, resampling);
    this.#firstRow = this.#down.first[0] ?? 0;
    this.#rows = (this.#down.first[height - 1] ?? 0) + this.#down.length - this.#firstRow;
    this.#between = new Float32Array(3 * width * this.#rows);
  }

  apply(picture: Picture): Picture {
    this.#scaleRows(onWhite(picture));
    const [width, height, between] = [this.#width, this.#height, this.#between];
    const { first, weights, length } = this.#down;
    const data = new Uint8ClampedArray(4 * width * height).fill(255);
    const sums = new Float32Array(3 * width);
    for (let y = 0, to = 0; y < height; y++) {
      sums.fill(0);
      for (let tap = 0; tap < length; tap++) {
        const weight = weights[y * length + tap] ?? 0;
        if (weight === 0) continue;
        const from = sums.length * ((first[y] ?? 0) + tap - this.#firstRow);
        for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] ?? 0) + weight * (between[from + i] ?? 0);
      }
      for (let i = 0; i < sums.length; i += 3, to += 4) {
        // Uint8ClampedArray rounds and clamps: kernels overshoot at edges.
        data[to] = sums[i] ?? 0;
        data[to + 1] = sums[i + 1] ?? 0;
        data[to + 2] = sums[i + 2] ?? 0;
      }
    }
    return { width, height, data };
  }

  #scaleRows({ width, data }: Picture): void {
    const { first, weights, length } = this.#across;
    const between = this.#between;
    for (let row = 0, to = 0; row < this.#rows; row++) {
      const begin = (this.#firstRow + row) * width;
      for (let x = 0; x < this.#width; x++, to += 3) {
        let [red, green, blue] = [0, 0, 0];
        let at = 4 * (begin + (first[x] ?? 0));
        for (let tap = x * length; tap < (x + 1) * length; tap++, at += 4) {
          const weight = weights[tap] ?? 0;
          red += weight * (data[at] ?? 0);
          green += weight * (data[at + 1] ?? 0);
          blue += weight * (data[at + 2] ?? 0);
        }
        between[to] = red;
        between[to + 1] = green;
        between[to + 2] = blue;
      }
    }
  }
}

/**
 * Resamples a rectangle of a picture to `width` × `height`, on white, with a cubic kernel. A canvas is faster; this is for
 * browsers whose canvas returns altered pixels.
 */
export function resampled(picture: Picture, part: Rectangle, width: number, height: number): Picture {
  return new Resampler(picture, part, width, height, 'cubic').apply(picture);
}

/** Composites a picture on white; returns it unchanged if it is opaque. */
export function onWhite(picture: Picture): Picture {
  const { width, height, data } = picture;
  if (isOpaque(data)) return picture;
  const flat = new Uint8ClampedArray(data.length);
  for (let i = 0; i < data.length; i += 4) {
    const alpha = (data[i + 3] ?? 0) / 255;
    for (let c = i; c < i + 3; c++) flat[c] = alpha * (data[c] ?? 0) + (1 - alpha) * 255;
    flat[i + 3] = 255;
  }
  return { width, height, data: flat };
}

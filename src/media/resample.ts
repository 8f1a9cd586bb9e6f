import type { Picture } from '../base/index.ts';
import type { Orientation } from './orientation.ts';

/** A part of a picture in its pixels, not necessarily whole ones. */
export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Turns and mirrors a picture as its orientation says. */
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

/** Which pixels of one side a pixel of the result is made of, and how much each counts; the weights add up to 1. */
interface Taps {
  readonly first: number;
  readonly weights: Float32Array;
}

/** Catmull and Rom's cubic kernel (a = -1/2), as wide as two pixels on either side. */
function cubic(distance: number): number {
  const x = Math.abs(distance);
  if (x < 1) return 1.5 * x ** 3 - 2.5 * x ** 2 + 1;
  return x < 2 ? -0.5 * x ** 3 + 2.5 * x ** 2 - 4 * x + 2 : 0;
}

/** The taps of each of `target` pixels that show `length` pixels from `start` of a side of `side` pixels. */
function tapsOf(start: number, length: number, target: number, side: number): Taps[] {
  const scale = length / target;
  // Made smaller, the kernel spans all pixels that become one, so that fine patterns do not alias.
  const stretch = Math.max(1, scale);
  return Array.from({ length: target }, (_, i) => {
    const centre = start + (i + 0.5) * scale;
    const first = Math.max(0, Math.ceil(centre - 2 * stretch - 0.5));
    const last = Math.min(side - 1, Math.floor(centre + 2 * stretch - 0.5));
    const weights = Float32Array.from({ length: last - first + 1 }, (_, tap) =>
      cubic((first + tap + 0.5 - centre) / stretch),
    );
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return { first, weights: weights.map((weight) => weight / sum) };
  });
}

/**
 * Scales a part of a picture to `width` × `height`, on white, by a separable cubic kernel. A canvas does the same
 * faster; this is for browsers whose canvas does not give back what was drawn.
 */
export function resampled(picture: Picture, part: Rectangle, width: number, height: number): Picture {
  const across = tapsOf(part.x, part.width, width, picture.width);
  const down = tapsOf(part.y, part.height, height, picture.height);
  const firstRow = down[0]?.first ?? 0;
  const lastTaps = down.at(-1);
  const rows = (lastTaps ? lastTaps.first + lastTaps.weights.length : 0) - firstRow;
  // RGB of the rows that count, each as wide as the result.
  const between = new Float32Array(rows * width * 3);
  for (let row = 0; row < rows; row++) {
    const begin = 4 * (firstRow + row) * picture.width;
    for (const [x, { first, weights }] of across.entries()) {
      const at = 3 * (row * width + x);
      for (const [tap, weight] of weights.entries()) {
        const pixel = begin + 4 * (first + tap);
        const alpha = (picture.data[pixel + 3] ?? 0) / 255;
        for (let c = 0; c < 3; c++) {
          const onWhite = alpha * (picture.data[pixel + c] ?? 0) + (1 - alpha) * 255;
          between[at + c] = (between[at + c] ?? 0) + weight * onWhite;
        }
      }
    }
  }
  const data = new Uint8ClampedArray(4 * width * height);
  const sums = new Float32Array(3 * width);
  for (const [y, { first, weights }] of down.entries()) {
    sums.fill(0);
    for (const [tap, weight] of weights.entries()) {
      const begin = 3 * width * (first + tap - firstRow);
      for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] ?? 0) + weight * (between[begin + i] ?? 0);
    }
    for (let x = 0; x < width; x++) {
      const at = 4 * (y * width + x);
      // Uint8ClampedArray rounds and clamps: a cubic kernel overshoots at edges.
      for (let c = 0; c < 3; c++) data[at + c] = sums[3 * x + c] ?? 0;
      data[at + 3] = 255;
    }
  }
  return { width, height, data };
}

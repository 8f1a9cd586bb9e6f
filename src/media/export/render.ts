import type { Picture } from '../../base/index.ts';
import type { PictureSize } from '../../formats/index.ts';

/** Where a scaled picture stands in a frame of the file, in its pixels; what lies outside is cut. */
export interface Placement extends PictureSize {
  readonly x: number;
  readonly y: number;
  readonly scaledWidth: number;
  readonly scaledHeight: number;
}

export type Resampling = 'nearest' | 'lanczos';

/** For each place of a side: the first source pixel and the weights from there, `length` of them. */
interface Taps {
  readonly first: Int32Array;
  readonly weights: Float32Array;
  readonly length: number;
}

/** Lanczos' window over the sinc, three lobes (Duchon, 1979). */
function lanczos3(distance: number): number {
  if (distance === 0) return 1;
  if (Math.abs(distance) >= 3) return 0;
  const x = Math.PI * distance;
  return (3 * Math.sin(x) * Math.sin(x / 3)) / (x * x);
}

/** The taps of `count` places from `begin` on, of a side of `from` pixels that is scaled to `to`. */
function tapsOf(from: number, to: number, begin: number, count: number, resampling: Resampling): Taps {
  const scale = from / to;
  const first = new Int32Array(count);
  if (resampling === 'nearest' || from === to) {
    for (let i = 0; i < count; i++) first[i] = Math.min(from - 1, Math.floor((begin + i + 0.5) * scale));
    return { first, weights: new Float32Array(count).fill(1), length: 1 };
  }
  // Made smaller, the kernel spans all pixels that become one, so that fine patterns do not alias.
  const stretch = Math.max(1, scale);
  const length = Math.min(from, Math.ceil(6 * stretch) + 1);
  const weights = new Float32Array(count * length);
  for (let i = 0; i < count; i++) {
    const centre = (begin + i + 0.5) * scale;
    const start = Math.min(Math.max(0, Math.ceil(centre - 3 * stretch - 0.5)), from - length);
    first[i] = start;
    let sum = 0;
    for (let tap = 0; tap < length; tap++) sum += lanczos3((start + tap + 0.5 - centre) / stretch);
    for (let tap = 0; tap < length; tap++) {
      weights[i * length + tap] = lanczos3((start + tap + 0.5 - centre) / stretch) / sum;
    }
  }
  return { first, weights, length };
}

/**
 * Draws pictures into a file's frames: scaled, centred on black, cut where they do not fit; transparency on white.
 * What is the same for all pictures of a size is computed once.
 */
export class Renderer {
  readonly #placement: Placement;
  readonly #resampling: Resampling;
  #taps: { readonly size: PictureSize; readonly across: Taps; readonly down: Taps } | null = null;
  #between = new Float32Array(0);

  constructor(placement: Placement, resampling: Resampling) {
    this.#placement = placement;
    this.#resampling = resampling;
  }

  /** Whether a picture of this size becomes a frame as it is. */
  isWhole({ width, height }: PictureSize): boolean {
    const { x, y, scaledWidth, scaledHeight } = this.#placement;
    const isPlaced = x === 0 && y === 0 && scaledWidth === width && scaledHeight === height;
    return isPlaced && this.#placement.width === width && this.#placement.height === height;
  }

  /** A frame of the file. It may share the picture's memory where nothing has to change. */
  render(picture: Picture): Picture {
    const opaque = onWhite(picture);
    if (this.isWhole(picture)) return opaque;
    const { width, height, x, y, scaledWidth, scaledHeight } = this.#placement;
    const left = Math.max(0, Math.ceil(x));
    const top = Math.max(0, Math.ceil(y));
    const columns = Math.min(width, Math.floor(x) + scaledWidth) - left;
    const rows = Math.min(height, Math.floor(y) + scaledHeight) - top;
    if (this.#taps?.size.width !== picture.width || this.#taps.size.height !== picture.height) {
      const kind = this.#resampling;
      this.#taps = {
        size: { width: picture.width, height: picture.height },
        across: tapsOf(picture.width, scaledWidth, left - x, columns, kind),
        down: tapsOf(picture.height, scaledHeight, top - y, rows, kind),
      };
    }
    const { across, down } = this.#taps;
    const between = this.#acrossRows(opaque, across, columns);
    const data = new Uint8ClampedArray(4 * width * height);
    new Uint32Array(data.buffer).fill(0xff000000);
    const sums = new Float32Array(3 * columns);
    for (let row = 0; row < rows; row++) {
      sums.fill(0);
      for (let tap = 0; tap < down.length; tap++) {
        const weight = down.weights[row * down.length + tap] ?? 0;
        if (weight === 0) continue;
        const from = 3 * columns * ((down.first[row] ?? 0) + tap);
        for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] ?? 0) + weight * (between[from + i] ?? 0);
      }
      let to = 4 * ((top + row) * width + left);
      for (let i = 0; i < sums.length; i += 3, to += 4) {
        // Uint8ClampedArray rounds and clamps: the kernel overshoots at edges.
        data[to] = sums[i] ?? 0;
        data[to + 1] = sums[i + 1] ?? 0;
        data[to + 2] = sums[i + 2] ?? 0;
      }
    }
    return { width, height, data };
  }

  /** RGB of every row of the source, each scaled to the columns that show. */
  #acrossRows(
    { width, height, data }: Picture,
    { first, weights, length }: Taps,
    columns: number,
  ): Float32Array {
    const size = 3 * columns * height;
    if (this.#between.length < size) this.#between = new Float32Array(size);
    const between = this.#between;
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < columns; column++) {
        let red = 0;
        let green = 0;
        let blue = 0;
        let at = 4 * (row * width + (first[column] ?? 0));
        for (let tap = column * length; tap < (column + 1) * length; tap++, at += 4) {
          const weight = weights[tap] ?? 0;
          red += weight * (data[at] ?? 0);
          green += weight * (data[at + 1] ?? 0);
          blue += weight * (data[at + 2] ?? 0);
        }
        const to = 3 * (row * columns + column);
        between[to] = red;
        between[to + 1] = green;
        between[to + 2] = blue;
      }
    }
    return between;
  }
}

/** A picture without transparency; itself where it has none. */
function onWhite(picture: Picture): Picture {
  const { width, height, data } = picture;
  let opaque = true;
  for (let i = 3; i < data.length && opaque; i += 4) opaque = data[i] === 255;
  if (opaque) return picture;
  const flat = new Uint8ClampedArray(data.length);
  for (let i = 0; i < data.length; i += 4) {
    const alpha = (data[i + 3] ?? 0) / 255;
    for (let c = i; c < i + 3; c++) flat[c] = alpha * (data[c] ?? 0) + (1 - alpha) * 255;
    flat[i + 3] = 255;
  }
  return { width, height, data: flat };
}

/** A cross-fade of two frames of one size: `mix` of the second, from 0 to 1. */
export function blended(first: Picture, second: Picture, mix: number): Picture {
  const { width, height } = first;
  const data = new Uint8ClampedArray(first.data.length);
  for (let i = 0; i < data.length; i++) {
    data[i] = (1 - mix) * (first.data[i] ?? 0) + mix * (second.data[i] ?? 0);
  }
  return { width, height, data };
}

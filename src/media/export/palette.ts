import { ColourSearch } from './colour-search.ts';

/** Cells per channel of the colour histogram; closer colours look the same with a palette of 256. */
const shades = 64;
export const cellCount = shades ** 3;

/** Histogram cell of a colour. */
export function cellOf(red: number, green: number, blue: number): number {
  return ((red >> 2) << 12) | ((green >> 2) << 6) | (blue >> 2);
}

/** Colour histogram over any number of frames. */
export class Histogram {
  /** For each cell: count, and sums of red, green and blue. */
  readonly #sums = new Float64Array(4 * cellCount);

  /** Counts every `stride`-th pixel of RGBA data. */
  add(data: Uint8ClampedArray, stride: number): void {
    for (let i = 0; i + 3 < data.length; i += 4 * stride) {
      const red = data[i] ?? 0;
      const green = data[i + 1] ?? 0;
      const blue = data[i + 2] ?? 0;
      const at = 4 * cellOf(red, green, blue);
      this.#sums[at] = (this.#sums[at] ?? 0) + 1;
      this.#sums[at + 1] = (this.#sums[at + 1] ?? 0) + red;
      this.#sums[at + 2] = (this.#sums[at + 2] ?? 0) + green;
      this.#sums[at + 3] = (this.#sums[at + 3] ?? 0) + blue;
    }
  }

  /** Mean colours of all non-empty cells, as consecutive [red, green, blue, count]. */
  colours(): Float32Array {
    const found: number[] = [];
    for (let at = 0; at < 4 * cellCount; at += 4) {
      const count = this.#sums[at] ?? 0;
      if (count === 0) continue;
      for (let c = 1; c < 4; c++) found.push((this.#sums[at + c] ?? 0) / count);
      found.push(count);
    }
    return Float32Array.from(found);
  }
}

/** A range of the colours, from `begin` to `end` (exclusive), and the squared error of one colour for all of them. */
interface ColourBox {
  readonly begin: number;
  readonly end: number;
  readonly loss: number;
  /** Channel with the greatest variance; `mean` is the mean in it. */
  readonly channel: number;
  readonly mean: number;
}

function boxOf(colours: Float32Array, begin: number, end: number): ColourBox {
  const sums = [0, 0, 0];
  const squares = [0, 0, 0];
  let count = 0;
  for (let i = begin; i < end; i++) {
    const weight = colours[4 * i + 3] ?? 0;
    count += weight;
    for (let c = 0; c < 3; c++) {
      const value = colours[4 * i + c] ?? 0;
      sums[c] = (sums[c] ?? 0) + weight * value;
      squares[c] = (squares[c] ?? 0) + weight * value * value;
    }
  }
  const losses = sums.map((sum, c) => (squares[c] ?? 0) - (sum * sum) / count);
  const channel = losses.indexOf(Math.max(...losses));
  const loss = end - begin > 1 ? losses.reduce((a, b) => a + b, 0) : 0;
  return { begin, end, loss, channel, mean: (sums[channel] ?? 0) / count };
}

/** Partitions the colours of a box at its mean; returns the start of the upper part. */
function split(colours: Float32Array, { begin, end, channel, mean }: ColourBox): number {
  let middle = begin;
  for (let i = begin; i < end; i++) {
    if ((colours[4 * i + channel] ?? 0) > mean) continue;
    for (let c = 0; c < 4; c++) {
      const other = colours[4 * middle + c] ?? 0;
      colours[4 * middle + c] = colours[4 * i + c] ?? 0;
      colours[4 * i + c] = other;
    }
    middle++;
  }
  // Rounding may leave one part empty.
  return Math.min(Math.max(middle, begin + 1), end - 1);
}

/** Number of k-means iterations. */
const refinements = 6;

/**
 * Computes a palette of at most `size` colours, 3 bytes each: variance-based splitting of boxes (after Wan, Prusinkiewicz
 * and Wong, 1990), refined by k-means.
 */
export function paletteOf(histogram: Histogram, size: number): Uint8Array<ArrayBuffer> {
  const colours = histogram.colours();
  const boxes = [boxOf(colours, 0, colours.length / 4)];
  while (boxes.length < size) {
    const worst = boxes.reduce((a, b) => (b.loss > a.loss ? b : a));
    if (!(worst.loss > 0)) break;
    const middle = split(colours, worst);
    boxes.splice(
      boxes.indexOf(worst),
      1,
      boxOf(colours, worst.begin, middle),
      boxOf(colours, middle, worst.end),
    );
  }
  const palette = new Float32Array(3 * boxes.length);
  boxes.forEach(({ begin, end }, i) => {
    let count = 0;
    for (let at = begin; at < end; at++) {
      const weight = colours[4 * at + 3] ?? 0;
      count += weight;
      for (let c = 0; c < 3; c++) {
        palette[3 * i + c] = (palette[3 * i + c] ?? 0) + weight * (colours[4 * at + c] ?? 0);
      }
    }
    for (let c = 0; c < 3; c++) palette[3 * i + c] = (palette[3 * i + c] ?? 0) / count;
  });
  for (let round = 0; round < refinements; round++) refine(palette, colours);
  return Uint8Array.from(palette, Math.round);
}

function refine(palette: Float32Array, colours: Float32Array): void {
  const sums = new Float64Array((4 * palette.length) / 3);
  const search = new ColourSearch(palette);
  for (let i = 0; i < colours.length; i += 4) {
    const weight = colours[i + 3] ?? 0;
    const near = 4 * search.nearest(colours[i] ?? 0, colours[i + 1] ?? 0, colours[i + 2] ?? 0);
    for (let c = 0; c < 3; c++) sums[near + c] = (sums[near + c] ?? 0) + weight * (colours[i + c] ?? 0);
    sums[near + 3] = (sums[near + 3] ?? 0) + weight;
  }
  for (let at = 0; at < sums.length / 4; at++) {
    const count = sums[4 * at + 3] ?? 0;
    if (count === 0) continue;
    for (let c = 0; c < 3; c++) palette[3 * at + c] = (sums[4 * at + c] ?? 0) / count;
  }
}

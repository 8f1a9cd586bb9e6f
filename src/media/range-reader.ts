/** A range of bytes in a file. */
export interface ByteRange {
  readonly begin: number;
  readonly end: number;
}

/** Reads bytes of a file at a position into an array: the number of bytes read, 0 at the end. */
export type ReadAt = (target: Int8Array | Uint8Array, position: number) => number;

/** Reads ranges of a file as if they were one file, in their order. Made for reading from the front to the back. */
export class RangeReader {
  readonly #ranges: readonly ByteRange[];
  readonly #readAt: ReadAt;
  /** Index of the range that was read last, and its position in the whole. */
  #index = 0;
  #start = 0;

  constructor(ranges: readonly ByteRange[], readAt: ReadAt) {
    this.#ranges = ranges;
    this.#readAt = readAt;
  }

  /** Fills an array with the bytes from a position: the number of bytes read, fewer than asked for only at the end. */
  read(target: Int8Array | Uint8Array, position: number): number {
    let filled = 0;
    while (filled < target.length) {
      const at = position + filled;
      const range = this.#rangeAt(at);
      if (!range) break;
      const begin = range.begin + at - this.#start;
      const length = Math.min(target.length - filled, range.end - begin);
      const count = this.#readAt(target.subarray(filled, filled + length), begin);
      if (count === 0) break;
      filled += count;
    }
    return filled;
  }

  /** Range that contains a position, which becomes the one that was read last; undefined beyond the end. */
  #rangeAt(position: number): ByteRange | undefined {
    if (position < this.#start) {
      this.#index = 0;
      this.#start = 0;
    }
    for (;;) {
      const range = this.#ranges[this.#index];
      if (!range || position < this.#start + range.end - range.begin) return range;
      this.#start += range.end - range.begin;
      this.#index++;
    }
  }
}

import { concatBytes } from '../../src/base/index.ts';
import { checkRange } from '../../src/models/source.ts';
import type { ByteSource } from '../../src/models/types.ts';

/** Concatenates byte arrays. */
export const concat = (...parts: readonly Uint8Array[]) => concatBytes(parts);

export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** Little-endian unsigned integer of 2, 4 or 8 bytes. */
export function uint(size: 2 | 4 | 8, value: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true);
  return bytes.slice(0, size);
}

/** Bytes of float32 values. */
export function float32Bytes(...values: number[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Float32Array.from(values).buffer);
}

/** Bytes at an offset of an otherwise zero file. */
export interface Segment {
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** Sparse file of any size, with a record of its reads. */
export function sparseSource(
  name: string,
  size: number,
  segments: readonly Segment[],
): ByteSource & { readonly reads: { offset: number; length: number }[] } {
  const reads: { offset: number; length: number }[] = [];
  const readSync = (offset: number, length: number) => {
    checkRange(name, size, offset, length);
    reads.push({ offset, length });
    const bytes = new Uint8Array(length);
    for (const segment of segments) {
      const from = Math.max(offset, segment.at);
      const to = Math.min(offset + length, segment.at + segment.bytes.length);
      if (from < to) bytes.set(segment.bytes.subarray(from - segment.at, to - segment.at), from - offset);
    }
    return bytes;
  };
  return {
    name,
    size,
    reads,
    read(offset, length, signal) {
      return new Promise((resolve) => {
        signal?.throwIfAborted();
        resolve(readSync(offset, length));
      });
    },
    readSync,
  };
}

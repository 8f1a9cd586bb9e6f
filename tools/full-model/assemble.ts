import { crc32 } from 'node:zlib';
import { checkRange } from '../../src/models/source.ts';
import type { ByteSource } from '../../src/models/types.ts';

/** Bytes that are made when they are read. */
export interface LazyBytes {
  readonly length: number;
  /** Fills `target` with the bytes from `offset` on. */
  fill(target: Uint8Array<ArrayBuffer>, offset: number): void;
}

/** A part of a file. */
export type Piece = Uint8Array | LazyBytes;

const isPlain = (piece: Piece): piece is Uint8Array => piece instanceof Uint8Array;

/** How much is made at once. */
const block = 2 ** 20;

/** CRC-32 of a piece, a block at a time. */
export function crcOf(piece: Piece): number {
  if (isPlain(piece)) return crc32(piece);
  const buffer = new Uint8Array(Math.min(block, piece.length));
  let crc = 0;
  for (let at = 0; at < piece.length; at += block) {
    const part = buffer.subarray(0, Math.min(block, piece.length - at));
    piece.fill(part, at);
    crc = crc32(part, crc);
  }
  return crc;
}

/** A file of pieces one after the other. Parts that are made when they are read are not kept. */
export function assemble(name: string, pieces: readonly Piece[]): ByteSource {
  const ends: number[] = [];
  let size = 0;
  for (const piece of pieces) ends.push((size += piece.length));

  /** The first piece that ends behind a place. */
  const pieceAt = (offset: number): number => {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((ends[middle] ?? 0) > offset) high = middle;
      else low = middle + 1;
    }
    return low;
  };

  const make = (offset: number, length: number): Uint8Array<ArrayBuffer> => {
    checkRange(name, size, offset, length);
    const bytes = new Uint8Array(length);
    let done = 0;
    for (let index = pieceAt(offset); done < length; index++) {
      const piece = pieces[index];
      if (piece === undefined) throw new RangeError(`${name} has no byte ${offset + done}`);
      const within = offset + done - ((ends[index] ?? 0) - piece.length);
      const part = Math.min(length - done, piece.length - within);
      if (isPlain(piece)) bytes.set(piece.subarray(within, within + part), done);
      else piece.fill(bytes.subarray(done, done + part), within);
      done += part;
    }
    return bytes;
  };

  return {
    name,
    size,
    read: (offset, length, signal) =>
      new Promise((resolve) => {
        signal?.throwIfAborted();
        resolve(make(offset, length));
      }),
  };
}

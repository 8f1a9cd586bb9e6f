import { concatBytes } from '../base/index.ts';
import { crc32 } from './crc32.ts';
import { pngSignature } from './png-rows.ts';

/** A chunk of a PNG file (W3C PNG, 5.3). */
export interface PngChunk {
  /** Four ASCII letters. */
  readonly type: string;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** Encodes a PNG chunk with its length and checksum. */
export function pngChunk(type: string, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(12 + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, body.length);
  for (let i = 0; i < 4; i++) bytes[4 + i] = type.charCodeAt(i);
  bytes.set(body, 8);
  view.setUint32(8 + body.length, crc32(bytes.subarray(4, 8 + body.length)));
  return bytes;
}

/**
 * Splits a PNG into chunks without verifying checksums: for files that Drift wrote or has checked.
 *
 * @throws RangeError if the signature or the IEND chunk is missing
 */
export function pngChunks(png: Uint8Array<ArrayBuffer>): PngChunk[] {
  if (!pngSignature.every((byte, i) => png[i] === byte)) throw new RangeError('this is not a PNG file');
  const view = new DataView(png.buffer, png.byteOffset, png.length);
  const chunks: PngChunk[] = [];
  for (let at = pngSignature.length; at < png.length;) {
    const length = view.getUint32(at);
    const type = String.fromCharCode(...png.subarray(at + 4, at + 8));
    chunks.push({ type, body: png.subarray(at + 8, at + 8 + length) });
    at += 12 + length;
  }
  if (chunks.at(-1)?.type !== 'IEND') throw new RangeError('this PNG has no end');
  return chunks;
}

/** An uncompressed `iTXt` chunk with UTF-8 text and no language (W3C PNG, 11.3.3.4). The keyword is ASCII. */
export function pngText(keyword: string, text: string): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  // Keyword, its terminator, no compression (two bytes), no language, no translated keyword.
  return pngChunk('iTXt', concatBytes([encoder.encode(keyword), new Uint8Array(5), encoder.encode(text)]));
}

/** Inserts chunks after a PNG's header. */
export function withPngChunks(
  png: Uint8Array<ArrayBuffer>,
  chunks: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  // The IHDR chunk is always 25 bytes long.
  const end = pngSignature.length + 25;
  return concatBytes([png.subarray(0, end), ...chunks, png.subarray(end)]);
}

import type { ErrorDetails, Picture } from '../base/index.ts';
import { crc32 } from './crc32.ts';
import { filterCount, pngSignature, restoreRow } from './png-rows.ts';

/** Why a PNG is refused: damaged, not of the expected size, or of a kind that this decoder does not support. */
export type PngFault = 'damaged' | 'size' | 'unsupported';

export interface PngOptions {
  /** File name for error messages. */
  readonly name: string;
  /** Creates the error to throw: the remedy depends on the picture's origin. */
  readonly fail: (fault: PngFault, message: string, details: ErrorDetails, cause?: unknown) => Error;
}

/** Size in pixels. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** Upper bound in bytes for the PNG of a picture of this size; longer files are not read. */
export function longestPng({ width, height }: PictureSize): number {
  const raw = height * (1 + 4 * width);
  // Deflate adds 5 bytes to 64 kB that it cannot compress; other programs split the data into chunks and add metadata.
  return raw + Math.ceil(raw / 1000) + 65536;
}

/** Deflate's maximum compression ratio: a file that claims more cannot fill the memory it asks for. */
const mostShrinking = 1032;

/**
 * Decodes a non-interlaced PNG with 8 bits per channel, RGB or RGBA, as `encodePng` writes it. Inflates by the browser's
 * `DecompressionStream`, which takes less than half the time of inflate in JavaScript.
 *
 * @param expected Required size; it bounds the memory allocated.
 * @throws what `options.fail` returns for `damaged` (truncated, wrong checksum, data that does not unpack to the
 *   picture), `size` (not the expected size) or `unsupported` (another kind of PNG)
 */
export async function decodePng(
  file: Uint8Array<ArrayBuffer>,
  expected: PictureSize,
  options: PngOptions,
): Promise<Picture> {
  let channels: 3 | 4 | null = null;
  const packed: Uint8Array<ArrayBuffer>[] = [];
  for (const { type, body } of chunksOf(file, options)) {
    if (type === 'IHDR') {
      if (channels !== null) throw damaged(options, 'it has two headers');
      channels = readHeader(body, expected, options);
    } else if (type === 'IDAT') {
      if (channels === null) throw damaged(options, 'its data comes before its size');
      packed.push(body);
    } else if (type === 'IEND') {
      break;
    }
  }
  if (channels === null) throw damaged(options, 'it has no size');
  const { width, height } = expected;
  const size = height * (1 + channels * width);
  const length = packed.reduce((sum, part) => sum + part.length, 0);
  if (size > mostShrinking * length) throw damaged(options, 'a part of its data is missing');
  const raw = await inflated(packed, size, options);
  return { width, height, data: unfiltered(raw, expected, channels, options) };
}

function* chunksOf(
  file: Uint8Array<ArrayBuffer>,
  options: PngOptions,
): Generator<{ type: string; body: Uint8Array<ArrayBuffer> }> {
  if (pngSignature.some((byte, i) => file[i] !== byte)) throw damaged(options, 'it is not a PNG file');
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  for (let at = pngSignature.length; at < file.length;) {
    const length = at + 12 <= file.length ? view.getUint32(at) : Number.POSITIVE_INFINITY;
    if (at + 12 + length > file.length) throw damaged(options, 'it is cut short');
    const end = at + 8 + length;
    if (crc32(file.subarray(at + 4, end)) !== view.getUint32(end)) {
      throw damaged(options, 'a checksum is wrong');
    }
    yield { type: String.fromCharCode(...file.subarray(at + 4, at + 8)), body: file.subarray(at + 8, end) };
    at = end + 4;
  }
}

/** Checks the header against the expected size before allocating. Returns the number of channels. */
function readHeader(body: Uint8Array, expected: PictureSize, options: PngOptions): 3 | 4 {
  const { name, fail } = options;
  if (body.length !== 13) throw damaged(options, 'its header has another length');
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  const width = view.getUint32(0);
  const height = view.getUint32(4);
  if (width !== expected.width || height !== expected.height) {
    throw fail(
      'size',
      `${name} is ${width} × ${height} pixels, where ${expected.width} × ${expected.height} were announced.`,
      { file: name, width, height, wantedWidth: expected.width, wantedHeight: expected.height },
    );
  }
  const [depth, kind, compression, filter, interlace] = body.subarray(8);
  if (depth === 8 && (kind === 2 || kind === 6) && compression === 0 && filter === 0 && interlace === 0) {
    return kind === 2 ? 3 : 4;
  }
  throw fail('unsupported', `${name} is a PNG, but not one of 8 bits a channel in RGB or RGBA.`, {
    file: name,
    depth: depth ?? null,
    kind: kind ?? null,
    interlace: interlace ?? null,
  });
}

/** Bytes inflated at a time: a decompression bomb is found out before it takes more than a thousand times as many. */
const inflateStep = 2 ** 14;

/** Inflates the parts of a zlib stream into exactly `size` bytes; stops as soon as the output exceeds them. */
async function inflated(
  packed: readonly Uint8Array<ArrayBuffer>[],
  size: number,
  options: PngOptions,
): Promise<Uint8Array> {
  const out = new Uint8Array(size);
  const { readable, writable } = new DecompressionStream('deflate');
  const reader = readable.getReader();
  try {
    // A failure to write is one to read too, where it is reported.
    feed(writable, packed).catch(() => undefined);
    let length = 0;
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      // Throws a RangeError if the part does not fit.
      out.set(part.value, length);
      length += part.value.length;
    }
    if (length === size) return out;
  } catch (cause) {
    reader.cancel(cause).catch(() => undefined);
    throw damaged(options, 'its data does not unpack to the picture', cause);
  }
  throw damaged(options, 'a part of its data is missing');
}

/** Writes in small steps, each when the output of the one before was read. */
async function feed(
  stream: WritableStream<BufferSource>,
  parts: readonly Uint8Array<ArrayBuffer>[],
): Promise<void> {
  const writer = stream.getWriter();
  for (const part of parts) {
    for (let at = 0; at < part.length; at += inflateStep) {
      await writer.write(part.subarray(at, at + inflateStep));
    }
  }
  await writer.close();
}

function unfiltered(
  raw: Uint8Array,
  { width, height }: PictureSize,
  channels: 3 | 4,
  options: PngOptions,
): Uint8ClampedArray<ArrayBuffer> {
  const stride = width * channels;
  const data = new Uint8ClampedArray(4 * width * height).fill(255);
  let above: Uint8Array = new Uint8Array(stride);
  for (let y = 0; y < height; y++) {
    const at = y * (stride + 1);
    const kind = raw[at] ?? 0;
    if (kind >= filterCount) throw damaged(options, 'a row is filtered in an unknown way');
    const row = raw.subarray(at + 1, at + 1 + stride);
    restoreRow(kind, row, above, channels);
    if (channels === 4) data.set(row, 4 * y * width);
    else spread(row, data, 4 * y * width);
    above = row;
  }
  return data;
}

/** Copies a row of RGB pixels to byte `at` of RGBA pixels, whose alpha stays as it is. */
function spread(row: Uint8Array, data: Uint8ClampedArray, at: number): void {
  for (let i = 0, to = at; i < row.length; i += 3, to += 4) {
    data[to] = row[i] ?? 0;
    data[to + 1] = row[i + 1] ?? 0;
    data[to + 2] = row[i + 2] ?? 0;
  }
}

function damaged({ name, fail }: PngOptions, reason: string, cause?: unknown): Error {
  return fail('damaged', `${name} is damaged: ${reason}.`, { file: name }, cause);
}

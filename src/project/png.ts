import { Unzlib, zlibSync } from 'fflate';
import { ProjectError, crc32 } from '../base/index.ts';
import type { Picture } from '../base/index.ts';

/**
 * PNG for frames (W3C PNG, third edition): 8 bits a channel, RGB or RGBA, not interlaced. A browser's own reader may
 * move colours between colour spaces and multiplies by alpha, so what it gives back need not be what was stored; and
 * it asks for memory as the file commands. Here every pixel comes back as it was, a file that lies about its size is
 * found out within a few kilobytes, and the same code runs in workers and in Node.
 */

const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

/** The size in pixels that a PNG must have. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** A picture as a PNG file. The same picture gives the same bytes everywhere. */
export function encodePng({ width, height, data }: Picture): Uint8Array<ArrayBuffer> {
  const channels = isOpaque(data) ? 3 : 4;
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, channels === 3 ? 2 : 6, 0, 0, 0], 8);
  const parts = [
    signature,
    chunk('IHDR', header),
    chunk('IDAT', zlibSync(filtered(data, width, height, channels), { level: 6 })),
    chunk('IEND', new Uint8Array(0)),
  ];
  const file = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    file.set(part, at);
    at += part.length;
  }
  return file;
}

/** The longest PNG that a picture of this size can need, in bytes: a longer one is not read. */
export function longestPng({ width, height }: PictureSize): number {
  const raw = height * (1 + 4 * width);
  // Deflate adds 5 bytes to 64 kB that it cannot compress; other programs cut the data into chunks and add notes.
  return raw + Math.ceil(raw / 1000) + 65536;
}

/**
 * Reads a PNG that `encodePng` wrote, or another of the same kind.
 *
 * @param expected the size that it was announced with
 * @param name how errors call the file
 * @throws ProjectError `picture-damaged` (cut, a wrong check sum, data that does not unpack to the picture),
 *   `picture-size` (not the size that it was announced with) or `picture-unsupported` (another kind of PNG)
 */
export function decodePng(file: Uint8Array, expected: PictureSize, name: string): Picture {
  let channels: 3 | 4 | null = null;
  let unpacked: Unpacking | null = null;
  for (const { type, body } of chunksOf(file, name)) {
    if (type === 'IHDR') {
      channels = readHeader(body, expected, name);
      unpacked = startUnpacking(expected.height * (1 + channels * expected.width), name);
    } else if (type === 'IDAT') {
      if (!unpacked) throw damaged(name, 'its data comes before its size');
      unpacked.push(body);
    } else if (type === 'IEND') {
      break;
    }
  }
  if (!unpacked || channels === null) throw damaged(name, 'it has no size');
  return { ...expected, data: unfiltered(unpacked.finish(), expected, channels, name) };
}

function isOpaque(data: Uint8ClampedArray): boolean {
  for (let i = 3; i < data.length; i += 4) if (data[i] !== 255) return false;
  return true;
}

function chunk(type: string, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, body.length);
  for (let i = 0; i < 4; i++) bytes[4 + i] = type.charCodeAt(i);
  bytes.set(body, 8);
  view.setUint32(8 + body.length, crc32(bytes.subarray(4, 8 + body.length)));
  return bytes;
}

function* chunksOf(file: Uint8Array, name: string): Generator<{ type: string; body: Uint8Array }> {
  if (signature.some((byte, i) => file[i] !== byte)) throw damaged(name, 'it is no PNG file');
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  for (let at = signature.length; at < file.length;) {
    const length = at + 12 <= file.length ? view.getUint32(at) : Number.POSITIVE_INFINITY;
    if (at + 12 + length > file.length) throw damaged(name, 'it is cut short');
    const end = at + 8 + length;
    if (crc32(file.subarray(at + 4, end)) !== view.getUint32(end)) {
      throw damaged(name, 'a check sum is wrong');
    }
    yield { type: String.fromCharCode(...file.subarray(at + 4, at + 8)), body: file.subarray(at + 8, end) };
    at = end + 4;
  }
}

/** Checks the header against the announced size before any memory is asked for. Returns the number of channels. */
function readHeader(body: Uint8Array, expected: PictureSize, name: string): 3 | 4 {
  if (body.length !== 13) throw damaged(name, 'its header has another length');
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  const width = view.getUint32(0);
  const height = view.getUint32(4);
  if (width !== expected.width || height !== expected.height) {
    throw new ProjectError(
      'picture-size',
      `${name} is ${width} × ${height} pixels, where ${expected.width} × ${expected.height} were announced.`,
      {
        remedy: 'Use another copy of the project, if there is one.',
        details: { file: name, width, height, wantedWidth: expected.width, wantedHeight: expected.height },
      },
    );
  }
  const [depth, kind, compression, filter, interlace] = body.subarray(8);
  if (depth === 8 && (kind === 2 || kind === 6) && compression === 0 && filter === 0 && interlace === 0) {
    return kind === 2 ? 3 : 4;
  }
  throw new ProjectError('picture-unsupported', `${name} is a kind of PNG that projects do not hold.`, {
    remedy: 'Save it with 8 bits a channel, in RGB or RGBA, without interlacing.',
    details: { file: name, depth: depth ?? null, kind: kind ?? null, interlace: interlace ?? null },
  });
}

interface Unpacking {
  push(packed: Uint8Array): void;
  finish(): Uint8Array;
}

/** Unpacks into exactly `size` bytes: what unpacks to more is stopped as soon as it does. */
function startUnpacking(size: number, name: string): Unpacking {
  const out = new Uint8Array(size);
  let length = 0;
  const inflate = new Unzlib((part) => {
    // Throws where the part does not fit.
    out.set(part, length);
    length += part.length;
  });
  const push = (packed: Uint8Array, final: boolean) => {
    try {
      inflate.push(packed, final);
    } catch (cause) {
      throw damaged(name, 'its data does not unpack to the picture', cause);
    }
  };
  const step = 2 ** 14;
  let waiting: Uint8Array | null = null;
  return {
    push(packed) {
      // In small steps, so that a bomb is noticed before it goes off; the last waits for the word that it is the last.
      for (let at = 0; at < packed.length; at += step) {
        if (waiting) push(waiting, false);
        waiting = packed.subarray(at, at + step);
      }
    },
    finish() {
      push(waiting ?? new Uint8Array(0), true);
      if (length !== size) throw damaged(name, 'a part of its data is missing');
      return out;
    },
  };
}

/** Rows before their compression, each filtered in the way that leaves the smallest sum of differences. */
function filtered(data: Uint8ClampedArray, width: number, height: number, channels: 3 | 4): Uint8Array {
  const stride = width * channels;
  const out = new Uint8Array(height * (stride + 1));
  let above = new Uint8Array(stride);
  let row = new Uint8Array(stride);
  const candidate = new Uint8Array(stride);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < channels; c++) row[x * channels + c] = data[4 * (y * width + x) + c] ?? 0;
    }
    const at = y * (stride + 1);
    let least = Number.POSITIVE_INFINITY;
    for (let kind = 0; kind < 5; kind++) {
      let sum = 0;
      for (let i = 0; i < stride; i++) {
        const difference = ((row[i] ?? 0) - predicted(kind, row, above, i, channels)) & 255;
        candidate[i] = difference;
        sum += difference < 128 ? difference : 256 - difference;
      }
      if (sum >= least) continue;
      least = sum;
      out[at] = kind;
      out.set(candidate, at + 1);
    }
    [above, row] = [row, above];
  }
  return out;
}

function unfiltered(
  raw: Uint8Array,
  { width, height }: PictureSize,
  channels: 3 | 4,
  name: string,
): Uint8ClampedArray<ArrayBuffer> {
  const stride = width * channels;
  const data = new Uint8ClampedArray(4 * width * height).fill(255);
  let above: Uint8Array = new Uint8Array(stride);
  for (let y = 0; y < height; y++) {
    const at = y * (stride + 1);
    const kind = raw[at] ?? 0;
    if (kind > 4) throw damaged(name, 'a row is filtered in an unknown way');
    const row = raw.subarray(at + 1, at + 1 + stride);
    for (let i = 0; i < stride; i++) row[i] = (row[i] ?? 0) + predicted(kind, row, above, i, channels);
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < channels; c++) data[4 * (y * width + x) + c] = row[x * channels + c] ?? 0;
    }
    above = row;
  }
  return data;
}

/** What a filter (9.2 of the standard) expects at a place: nothing, left, above, their mean, or Paeth's choice. */
function predicted(kind: number, row: Uint8Array, above: Uint8Array, i: number, channels: number): number {
  const left = i >= channels ? (row[i - channels] ?? 0) : 0;
  const up = above[i] ?? 0;
  switch (kind) {
    case 1:
      return left;
    case 2:
      return up;
    case 3:
      return (left + up) >> 1;
    case 4: {
      const corner = i >= channels ? (above[i - channels] ?? 0) : 0;
      const toLeft = Math.abs(up - corner);
      const toUp = Math.abs(left - corner);
      const toCorner = Math.abs(left + up - 2 * corner);
      if (toLeft <= toUp && toLeft <= toCorner) return left;
      return toUp <= toCorner ? up : corner;
    }
    default:
      return 0;
  }
}

function damaged(name: string, reason: string, cause?: unknown): ProjectError {
  return new ProjectError('picture-damaged', `${name} is damaged: ${reason}.`, {
    remedy: 'Use another copy of the project, if there is one.',
    details: { file: name },
    cause,
  });
}

import { InputError } from '../base/index.ts';
import type { PictureSize } from '../formats/index.ts';

/** Supported picture formats. */
export type PictureKind = 'jpeg' | 'png' | 'webp' | 'avif' | 'gif' | 'bmp';

/** Format and stored size of a picture, before EXIF orientation, from the file's header. */
export interface PictureHeader {
  readonly kind: PictureKind;
  readonly width: number;
  readonly height: number;
}

/** Maximum number of pixels: 50 megapixels take 200 MB decoded. */
export const maxPixels = 50_000_000;

/** Minimum side: one latent, 8 pixels. */
export const minSide = 8;

const readableFormats = 'JPEG, PNG, WebP, AVIF, GIF or BMP';

/** Bounds-checked header reader; reading beyond the end throws `picture-cut-off`. */
class HeaderReader {
  readonly length: number;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.length = bytes.byteLength;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  #need(end: number): void {
    if (end > this.length) {
      throw new InputError('picture-cut-off', 'The picture is incomplete: its file ends in its header.', {
        remedy: 'Download or copy the picture again.',
        details: { bytes: this.length, needed: end },
      });
    }
  }

  u8(at: number): number {
    this.#need(at + 1);
    return this.#view.getUint8(at);
  }

  u16(at: number, littleEndian = false): number {
    this.#need(at + 2);
    return this.#view.getUint16(at, littleEndian);
  }

  u24LittleEndian(at: number): number {
    return this.u16(at, true) + this.u8(at + 2) * 65536;
  }

  u32(at: number, littleEndian = false): number {
    this.#need(at + 4);
    return this.#view.getUint32(at, littleEndian);
  }

  i32LittleEndian(at: number): number {
    this.#need(at + 4);
    return this.#view.getInt32(at, true);
  }

  /** Up to `count` characters. */
  text(at: number, count: number): string {
    let text = '';
    for (let i = at; i < Math.min(at + count, this.length); i++) {
      text += String.fromCharCode(this.#view.getUint8(i));
    }
    return text;
  }
}

function damaged(kind: PictureKind, what: string): InputError {
  return new InputError('picture-damaged', `The picture is damaged: ${what}.`, {
    remedy: 'Open it in another program and save it as PNG or JPEG, or choose another picture.',
    details: { kind },
  });
}

function unreadableKind(kind: string, article: string): InputError {
  return new InputError('picture-unsupported', `This is ${article} ${kind} file, which Drift cannot read.`, {
    remedy: 'Save it as PNG or JPEG first, then choose that file.',
    details: { kind },
  });
}

function png(header: HeaderReader): PictureSize {
  if (header.u32(8) !== 13 || header.text(12, 4) !== 'IHDR') {
    header.u32(12);
    throw damaged('png', 'it does not begin with its size');
  }
  return { width: header.u32(16), height: header.u32(20) };
}

function gif(header: HeaderReader): PictureSize {
  return { width: header.u16(6, true), height: header.u16(8, true) };
}

function bmp(header: HeaderReader): PictureSize {
  // The oldest header has 12 bytes and 16-bit sizes; in later ones a negative height means top row first.
  if (header.u32(14, true) === 12) return { width: header.u16(18, true), height: header.u16(20, true) };
  return { width: Math.abs(header.i32LittleEndian(18)), height: Math.abs(header.i32LittleEndian(22)) };
}

/** Walks the markers to the frame header (SOF) (ITU-T T.81, annex B). */
function jpeg(header: HeaderReader): PictureSize {
  let at = 2;
  for (;;) {
    // Like decoders, skip stray bytes before a marker; 0xFF may be repeated as padding.
    while (header.u8(at) !== 0xff) at++;
    while (header.u8(at) === 0xff) at++;
    const marker = header.u8(at++);
    const standsAlone = marker === 0x00 || marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);
    if (standsAlone) continue;
    if (marker === 0xd9 || marker === 0xda) throw damaged('jpeg', 'it has no size');
    // 0xC4, 0xC8 and 0xCC are not frame headers.
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    const length = header.u16(at);
    if (length < (isFrame ? 8 : 2)) throw damaged('jpeg', 'a part of its header has an impossible length');
    if (isFrame) return { width: header.u16(at + 5), height: header.u16(at + 3) };
    at += length;
  }
}

/** Size from the first chunk (RFC 9649): lossy, lossless, or extended with its own canvas size. */
function webp(header: HeaderReader): PictureSize {
  const chunk = header.text(12, 4);
  if (chunk === 'VP8 ') {
    if (header.u24LittleEndian(23) !== 0x2a019d) throw damaged('webp', 'its first frame has no start code');
    return { width: header.u16(26, true) & 0x3fff, height: header.u16(28, true) & 0x3fff };
  }
  if (chunk === 'VP8L') {
    if (header.u8(20) !== 0x2f) throw damaged('webp', 'its first frame has no signature');
    const sides = header.u32(21, true);
    return { width: (sides & 0x3fff) + 1, height: ((sides >>> 14) & 0x3fff) + 1 };
  }
  if (chunk === 'VP8X') {
    return { width: header.u24LittleEndian(24) + 1, height: header.u24LittleEndian(27) + 1 };
  }
  header.u32(12);
  throw damaged('webp', 'it begins with an unknown part');
}

interface Box {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

/** Iterates over the boxes of an ISO base media file (ISO/IEC 14496-12) between two offsets. */
function* boxes(header: HeaderReader, from: number, to: number): Generator<Box> {
  for (let at = from; at < to;) {
    const shortSize = header.u32(at);
    header.u32(at + 4);
    const type = header.text(at + 4, 4);
    const long = shortSize === 1;
    const start = at + (long ? 16 : 8);
    const size = long ? header.u32(at + 8) * 2 ** 32 + header.u32(at + 12) : shortSize;
    const end = size === 0 ? to : at + size;
    if (end < start || end > to) throw damaged('avif', 'a part of its header has an impossible length');
    yield { type, start, end };
    at = end;
  }
}

function child(header: HeaderReader, from: number, to: number, type: string): Box {
  for (const box of boxes(header, from, to)) if (box.type === type) return box;
  throw damaged('avif', `its header has no part named "${type}"`);
}

/**
 * Largest `ispe` box under meta/iprp/ipco (ISO/IEC 23008-12): there is one for the picture, and one for each tile,
 * thumbnail or alpha plane, none of which is larger.
 */
function avif(header: HeaderReader): PictureSize {
  const meta = child(header, 0, Number.MAX_SAFE_INTEGER, 'meta');
  const properties = child(header, meta.start + 4, meta.end, 'iprp');
  const container = child(header, properties.start, properties.end, 'ipco');
  let largest: PictureSize = { width: 0, height: 0 };
  for (const box of boxes(header, container.start, container.end)) {
    if (box.type !== 'ispe') continue;
    const size = { width: header.u32(box.start + 4), height: header.u32(box.start + 8) };
    if (size.width * size.height > largest.width * largest.height) largest = size;
  }
  return largest;
}

const heicBrands = ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'hevm', 'hevs', 'mif1', 'msf1'];

/** Brands in the `ftyp` box, which distinguish AVIF, HEIC and videos. */
function brands(header: HeaderReader): string[] {
  const end = Math.min(header.u32(0), 256);
  const found = [header.text(8, 4)];
  for (let at = 16; at + 4 <= end; at += 4) found.push(header.text(at, 4));
  return found;
}

function kindOf(header: HeaderReader): PictureKind {
  const start = header.text(0, 12);
  if (start.startsWith('\xff\xd8\xff')) return 'jpeg';
  if (start.startsWith('\x89PNG\r\n\x1a\n')) return 'png';
  if (start.startsWith('GIF87a') || start.startsWith('GIF89a')) return 'gif';
  if (start.startsWith('RIFF') && start.endsWith('WEBP')) return 'webp';
  if (start.startsWith('BM') && header.length >= 18 && header.u32(14, true) <= 124) return 'bmp';
  if (start.slice(4, 8) === 'ftyp') {
    const found = brands(header);
    if (found.includes('avif') || found.includes('avis')) return 'avif';
    if (heicBrands.some((brand) => found.includes(brand))) throw unreadableKind('HEIC', 'a');
  }
  if (start.startsWith('II*\0') || start.startsWith('MM\0*')) throw unreadableKind('TIFF', 'a');
  if (start.startsWith('\0\0\0\x0cJXL ') || start.startsWith('\xff\x0a')) {
    throw unreadableKind('JPEG XL', 'a');
  }
  if (start.startsWith('8BPS')) throw unreadableKind('Photoshop', 'a');
  if (start.startsWith('%PDF-')) throw unreadableKind('PDF', 'a');
  if (/^(\xef\xbb\xbf)?\s*</.test(start) && /<svg[\s>]/i.test(header.text(0, 4096))) {
    throw unreadableKind('SVG', 'an');
  }
  throw new InputError('not-a-picture', 'This file is not a picture.', {
    remedy: `Choose a ${readableFormats} file.`,
    details: { begins: start.replace(/[^\x20-\x7e]/g, '.') },
  });
}

const readers: Readonly<Record<PictureKind, (header: HeaderReader) => PictureSize>> = {
  jpeg,
  png,
  webp,
  avif,
  gif,
  bmp,
};

/** Checks that a picture's size is supported; codes as `sniffPicture`. */
export function checkPictureSize({ kind, width, height }: PictureHeader): void {
  if (width === 0 || height === 0) throw damaged(kind, `it says that it is ${width} × ${height} pixels`);
  const details = { kind, width, height };
  if (width * height > maxPixels) {
    const megapixels = Math.round((width * height) / 1e6);
    throw new InputError(
      'picture-too-large',
      `The picture is too large: ${width} × ${height} pixels are ${megapixels} megapixels, and the limit is ${maxPixels / 1e6}.`,
      {
        remedy: 'Make it smaller in another program first; frames rarely need more than 2048 pixels a side.',
        details: { ...details, limit: maxPixels },
      },
    );
  }
  if (Math.min(width, height) < minSide) {
    throw new InputError(
      'picture-too-small',
      `The picture is too small to make an animation from: it is ${width} × ${height} pixels.`,
      {
        remedy: `Choose a picture of at least ${minSide} × ${minSide} pixels; 256 or more a side look best.`,
        details: { ...details, limit: minSide },
      },
    );
  }
}

/**
 * Detects a file's format by its contents, never by its name or MIME type, and refuses unsupported pictures before
 * decoding.
 *
 * `bytes` may be the start of a longer file: `picture-cut-off` then means that more is needed.
 *
 * @throws InputError `file-empty`, `not-a-picture`, `picture-unsupported` (HEIC, TIFF, SVG, …), `picture-cut-off`,
 *   `picture-damaged`, `picture-too-large` (more than `maxPixels`), `picture-too-small` (a side below `minSide`)
 */
export function sniffPicture(bytes: Uint8Array): PictureHeader {
  if (bytes.byteLength === 0) {
    throw new InputError('file-empty', 'The file is empty.', {
      remedy: 'Choose another file, or download or copy this one again.',
    });
  }
  const header = new HeaderReader(bytes);
  const kind = kindOf(header);
  const picture = { kind, ...readers[kind](header) };
  checkPictureSize(picture);
  return picture;
}

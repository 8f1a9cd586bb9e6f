import type { ByteSource } from './byte-source.ts';
import { pngSignature } from './png-rows.ts';

/** The part of a GIF in which a second frame is searched, in bytes. */
const gifReach = 2 ** 24;

/**
 * Whether a picture file has more than one frame: GIF, APNG, animated WebP or AVIF. Only looks at the structure, so what
 * is damaged may look animated. False for other files.
 *
 * @throws what `source` throws; the signal's reason if aborted
 */
export async function isAnimatedPicture(source: ByteSource, signal: AbortSignal): Promise<boolean> {
  const read = async (offset: number, length: number) => {
    signal.throwIfAborted();
    return source.read(offset, Math.max(0, Math.min(length, source.size - offset)), signal);
  };
  const start = await read(0, 256);
  const name = latin1(start.subarray(0, 12));
  if (pngSignature.every((byte, i) => start[i] === byte)) return isApng(source.size, read);
  if (/^GIF8[79]a/.test(name)) return gifHasMore(await read(0, gifReach));
  // The flag of an extended WebP (RFC 9649, 2.7).
  if (/^RIFF.{4}WEBP$/s.test(name)) return latin1(start.subarray(12, 16)) === 'VP8X' && bit(start[20], 2);
  return name.slice(4, 8) === 'ftyp' && brandsOf(start).includes('avis');
}

type ReadPart = (offset: number, length: number) => Promise<Uint8Array<ArrayBuffer>>;

const latin1 = (bytes: Uint8Array) => String.fromCharCode(...bytes);
const bit = (byte = 0, mask: number) => (byte & mask) !== 0;

/** Whether `acTL`, which counts the frames, comes before the picture's data. */
async function isApng(size: number, read: ReadPart): Promise<boolean> {
  for (let at = pngSignature.length; at + 12 <= size;) {
    const head = await read(at, 12);
    const view = new DataView(head.buffer, head.byteOffset, head.length);
    const type = latin1(head.subarray(4, 8));
    if (type === 'acTL') return view.getUint32(8) > 1;
    if (type === 'IDAT') return false;
    at += 12 + view.getUint32(0);
  }
  return false;
}

/** Whether there is a second image descriptor. */
function gifHasMore(bytes: Uint8Array): boolean {
  const tableLength = (flags = 0) => (bit(flags, 0x80) ? 3 * 2 ** ((flags & 7) + 1) : 0);
  let frames = 0;
  for (let at = 13 + tableLength(bytes[10]); at < bytes.length;) {
    const kind = bytes[at];
    if (kind === 0x2c) {
      if (++frames === 2) return true;
      at += 11 + tableLength(bytes[at + 9]);
    } else if (kind === 0x21) {
      at += 2;
    } else {
      return false;
    }
    // Data in blocks of up to 255 bytes, of which the last one is empty.
    for (let length = bytes[at] ?? 0; length > 0; length = bytes[at] ?? 0) at += 1 + length;
    at++;
  }
  return false;
}

/** Brands in the `ftyp` box at the start of an ISO base media file. */
function brandsOf(start: Uint8Array<ArrayBuffer>): string[] {
  const end = Math.min(new DataView(start.buffer, start.byteOffset, start.length).getUint32(0), start.length);
  const found = [latin1(start.subarray(8, 12))];
  for (let at = 16; at + 4 <= end; at += 4) found.push(latin1(start.subarray(at, at + 4)));
  return found;
}

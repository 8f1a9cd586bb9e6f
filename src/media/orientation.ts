import type { PictureKind } from './sniff.ts';

/** EXIF orientation, 1 to 8 (EXIF standard, 4.6.4); 1 is unchanged. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

const orientations: readonly Orientation[] = [1, 2, 3, 4, 5, 6, 7, 8];

/** Reads the EXIF orientation of a JPEG, PNG or WebP; 1 if there is none, it is invalid, or the format is another. */
export function exifOrientation(file: Uint8Array, kind: PictureKind): Orientation {
  const blocks = { jpeg: jpegBlock, png: pngBlock, webp: webpBlock };
  if (kind !== 'jpeg' && kind !== 'png' && kind !== 'webp') return 1;
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const tiff = blocks[kind](file, view);
  return tiff ? tiffOrientation(tiff) : 1;
}

const text = (bytes: Uint8Array, at: number, length: number) =>
  String.fromCharCode(...bytes.subarray(at, at + length));

/** EXIF of a JPEG: of segments before the image data, with a marker, then a length that includes itself. */
function jpegBlock(file: Uint8Array, view: DataView): Uint8Array | null {
  for (let at = 2; at + 4 <= file.length && file[at] === 0xff && file[at + 1] !== 0xda;) {
    const end = at + 2 + view.getUint16(at + 2);
    if (file[at + 1] === 0xe1 && text(file, at + 4, 4) === 'Exif') return file.subarray(at + 10, end);
    at = end;
  }
  return null;
}

/** EXIF of a PNG: the chunk `eXIf`. */
function pngBlock(file: Uint8Array, view: DataView): Uint8Array | null {
  for (let at = 8; at + 12 <= file.length;) {
    const end = at + 8 + view.getUint32(at);
    if (text(file, at + 4, 4) === 'eXIf') return file.subarray(at + 8, end);
    at = end + 4;
  }
  return null;
}

/** EXIF of a WebP: the chunk `EXIF`, which some programs begin like that of a JPEG. */
function webpBlock(file: Uint8Array, view: DataView): Uint8Array | null {
  for (let at = 12; at + 8 <= file.length;) {
    const length = view.getUint32(at + 4, true);
    if (text(file, at, 4) === 'EXIF') {
      const start = text(file, at + 8, 6) === 'Exif\0\0' ? at + 14 : at + 8;
      return file.subarray(start, at + 8 + length);
    }
    at += 8 + length + (length & 1);
  }
  return null;
}

/** Reads the orientation tag of a TIFF structure's first directory. */
function tiffOrientation(tiff: Uint8Array): Orientation {
  if (tiff.length < 8) return 1;
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.length);
  const little = view.getUint16(0) === 0x4949;
  const directory = view.getUint32(4, little);
  if (directory + 2 > tiff.length) return 1;
  const count = view.getUint16(directory, little);
  for (let entry = 0; entry < count; entry++) {
    const at = directory + 2 + 12 * entry;
    if (at + 12 > tiff.length) return 1;
    if (view.getUint16(at, little) !== 0x0112) continue;
    const value = view.getUint16(at + 8, little);
    return orientations.find((orientation) => orientation === value) ?? 1;
  }
  return 1;
}

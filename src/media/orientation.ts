/** EXIF orientation, 1 to 8 (EXIF standard, 4.6.4); 1 is unchanged. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

const orientations: readonly Orientation[] = [1, 2, 3, 4, 5, 6, 7, 8];

/**
 * Reads the EXIF orientation of a JPEG; 1 if there is none, or it is invalid.
 *
 * @param head Start of the file, at least to the end of the EXIF block, which comes first and has at most 64 kB.
 */
export function jpegOrientation(head: Uint8Array): Orientation {
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  // Segments before the image data: marker, then a length that includes itself.
  for (let at = 2; at + 4 <= head.length && head[at] === 0xff && head[at + 1] !== 0xda;) {
    const length = view.getUint16(at + 2);
    const exif = at + 10;
    if (head[at + 1] === 0xe1 && exif <= head.length && view.getUint32(at + 4) === 0x45786966) {
      return tiffOrientation(head.subarray(exif, at + 2 + length));
    }
    at += 2 + length;
  }
  return 1;
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

import { concatBytes } from '../base/index.ts';
import type { ZipEntry } from './zip-directory.ts';

/** Flags that say how to decompress: method options, such as the end marker of LZMA. */
const methodFlags = 0x6;
/** Version needed to extract: 6.3, for LZMA and PPMd. */
const version = 63;
const name = new TextEncoder().encode('x');

/**
 * A ZIP archive of one entry, called “x”: the packed data of an entry of another archive. A program that unpacks it then
 * sees neither names nor links nor the other entries. Sizes are below 4 GiB.
 */
export function singleEntryZip(
  { method, flags, crc32, size }: ZipEntry,
  packed: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  const common = new DataView(new ArrayBuffer(26));
  common.setUint16(0, version, true);
  common.setUint16(2, flags & methodFlags, true);
  common.setUint16(4, method, true);
  common.setUint32(10, crc32, true);
  common.setUint32(14, packed.length, true);
  common.setUint32(18, size, true);
  common.setUint16(22, name.length, true);
  const fields = new Uint8Array(common.buffer);
  const local = concatBytes([signed(0x04034b50, 0), fields, name]);
  // Version made by; then comment, volume, attributes and the offset of the local header, all 0.
  const listed = concatBytes([signed(0x02014b50, 2, version), fields, new Uint8Array(14), name]);
  const end = new DataView(new ArrayBuffer(18));
  end.setUint16(4, 1, true);
  end.setUint16(6, 1, true);
  end.setUint32(8, listed.length, true);
  end.setUint32(12, local.length + packed.length, true);
  return concatBytes([local, packed, listed, signed(0x06054b50, 0), new Uint8Array(end.buffer)]);
}

/** A record's signature, and a number of `width` bytes after it. */
function signed(signature: number, width: 0 | 2, value = 0): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(4 + width));
  view.setUint32(0, signature, true);
  if (width > 0) view.setUint16(4, value, true);
  return new Uint8Array(view.buffer);
}

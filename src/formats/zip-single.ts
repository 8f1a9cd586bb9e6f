import { concatBytes } from '../base/index.ts';
import type { ZipEntry } from './zip-directory.ts';
import { directoryRecord, endOfDirectory, entryFields, localHeader } from './zip-records.ts';

/** Flags that say how to decompress: method options, such as the end marker of LZMA. */
const methodFlags = 0x6;
/** Version needed to extract: 6.3, for LZMA and PPMd. */
const version = 63;
const path = new TextEncoder().encode('x');

/**
 * A ZIP archive of one entry, called “x”: the packed data of an entry of another archive. A program that unpacks it then
 * sees neither names nor links nor the other entries. Sizes are below 4 GiB.
 */
export function singleEntryZip(
  { method, flags, crc32, size }: ZipEntry,
  packed: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  const fields = entryFields({
    version,
    flags: flags & methodFlags,
    method,
    crc32,
    packedSize: packed.length,
    size,
    nameLength: path.length,
  });
  const local = localHeader(fields, path);
  const directory = concatBytes([...directoryRecord(fields, path, 0)]);
  return concatBytes([
    local,
    packed,
    directory,
    endOfDirectory(1, directory.length, local.length + packed.length),
  ]);
}

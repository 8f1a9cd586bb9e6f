import { InputError } from '../base/index.ts';
import type { ErrorDetails } from '../base/index.ts';
import { crc32, isEncryptedZip, openZip, singleEntryZip } from '../formats/index.ts';
import type { Zip, ZipEntry, ZipFault } from '../formats/index.ts';
import type { Unpacked } from './seven-zip.ts';

/** A ZIP archive imported by the user; untrusted. */
export interface ImportedArchive {
  /** Names of its files, in the archive's order; only used as labels, never as paths. */
  readonly names: readonly string[];
  /**
   * Unpacks a file.
   *
   * @throws InputError `zip-damaged`, `zip-unsupported` or `unpacker-unavailable`; the signal's reason if aborted
   */
  read(name: string, signal: AbortSignal): Promise<Blob>;
}

/** Maximum unpacked size; a picture of 50 megapixels needs less. */
const longestPicture = 256 * 2 ** 20;

/** Methods of compression that 7-Zip unpacks: Deflate64, bzip2, LZMA, Zstandard (two numbers), XZ, PPMd. */
const rareMethods: ReadonlySet<number> = new Set([9, 12, 14, 20, 93, 95, 98]);

/** Unpacks an archive's only entry: see `unpackBySevenZip`. */
export type UnpackSingle = (
  archive: Uint8Array<ArrayBuffer>,
  size: number,
  signal: AbortSignal,
) => Promise<Unpacked>;

/** 7-Zip, loaded when it is first needed. */
const bySevenZip: UnpackSingle = async (...args) => {
  const { unpackBySevenZip } = await import('./seven-zip.ts');
  return unpackBySevenZip(...args);
};

const remedies: Readonly<Record<ZipFault, string>> = {
  truncated: 'It was cut short, or is no ZIP. Download or copy it again.',
  'zip-damaged': 'Download or copy it again, or unpack it and drop the pictures.',
  'zip-unsupported': 'Unpack it and drop the pictures instead.',
};

function fail(fault: ZipFault, message: string, details: ErrorDetails, cause?: unknown): InputError {
  return new InputError(fault, message, { remedy: remedies[fault], details, cause });
}

/** Unpacks an entry by 7-Zip, which is given this entry alone. */
async function readRare(
  zip: Zip,
  entry: ZipEntry,
  unpack: UnpackSingle,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const { name, size, method } = entry;
  const packed = await zip.readPacked(entry, signal);
  const result = await unpack(singleEntryZip(entry, packed), size, signal);
  if ('bytes' in result) return result.bytes;
  if ('damage' in result) {
    const details = { entry: name, method, reason: result.damage };
    throw fail('zip-damaged', `“${name}” in the archive cannot be unpacked.`, details);
  }
  throw new InputError(
    'unpacker-unavailable',
    `“${name}” in the archive is compressed in an unusual way, and the program that unpacks it could not be loaded.`,
    {
      remedy: 'Check your connection and try again, or unpack it and drop the pictures.',
      details: { entry: name, method, reason: result.unavailable },
    },
  );
}

/**
 * Opens a ZIP archive by its central directory.
 *
 * @param unpack what unpacks entries that are neither stored nor deflated
 * @throws InputError `truncated`, `zip-damaged` or `zip-unsupported`: see `openZip`; the signal's reason if aborted
 */
export async function openImportedArchive(
  archive: Blob,
  signal: AbortSignal,
  unpack: UnpackSingle = bySevenZip,
): Promise<ImportedArchive> {
  const source = {
    name: 'The archive',
    size: archive.size,
    read: async (offset: number, length: number) =>
      new Uint8Array(await archive.slice(offset, offset + length).arrayBuffer()),
  };
  const zip = await openZip(
    source,
    { fail, longestDirectory: 2 ** 25, largestInflated: longestPicture, embedded: true },
    signal,
  );
  return {
    names: [...zip.entries.keys()].filter((name) => !name.endsWith('/')),
    async read(name, stop) {
      const entry = zip.entries.get(name);
      if (!entry) throw fail('zip-damaged', `“${name}” is not in the archive.`, { entry: name });
      if (Math.max(entry.size, entry.compressedSize) > longestPicture) {
        throw fail('zip-unsupported', `“${name}” in the archive is too large for a picture.`, {
          entry: name,
          bytes: entry.size,
        });
      }
      const isRare = rareMethods.has(entry.method) && !isEncryptedZip(entry.flags);
      const bytes = isRare
        ? await readRare(zip, entry, unpack, stop)
        : await zip.read(entry, 0, entry.size, stop);
      if (crc32(bytes) !== entry.crc32) {
        throw fail('zip-damaged', `“${name}” in the archive is damaged.`, { entry: name });
      }
      return new Blob([bytes]);
    },
  };
}

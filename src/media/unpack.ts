import { InputError } from '../base/index.ts';
import type { ErrorDetails } from '../base/index.ts';
import { crc32, openZip } from '../formats/index.ts';
import type { ZipFault } from '../formats/index.ts';

/** A ZIP archive imported by the user; untrusted. */
export interface ImportedArchive {
  /** Names of its files, in the archive's order; only used as labels, never as paths. */
  readonly names: readonly string[];
  /**
   * Unpacks a file.
   *
   * @throws InputError `zip-damaged` or `zip-unsupported`; the signal's reason if aborted
   */
  read(name: string, signal: AbortSignal): Promise<Blob>;
}

/** Maximum unpacked size; a picture of 50 megapixels needs less. */
const longestPicture = 256 * 2 ** 20;

const remedies: Readonly<Record<ZipFault, string>> = {
  truncated: 'It was cut short, or is no ZIP. Download or copy it again.',
  'zip-damaged': 'Download or copy it again, or unpack it and drop the pictures.',
  'zip-unsupported': 'Unpack it and drop the pictures instead.',
};

function fail(fault: ZipFault, message: string, details: ErrorDetails, cause?: unknown): InputError {
  return new InputError(fault, message, { remedy: remedies[fault], details, cause });
}

/**
 * Opens a ZIP archive by its central directory.
 *
 * @throws InputError `truncated`, `zip-damaged` or `zip-unsupported`: see `openZip`; the signal's reason if aborted
 */
export async function openImportedArchive(archive: Blob, signal: AbortSignal): Promise<ImportedArchive> {
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
      if (entry.size > longestPicture) {
        throw fail('zip-unsupported', `“${name}” in the archive is too large for a picture.`, {
          entry: name,
          bytes: entry.size,
        });
      }
      const bytes = await zip.read(entry, 0, entry.size, stop);
      if (crc32(bytes) !== entry.crc32) {
        throw fail('zip-damaged', `“${name}” in the archive is damaged.`, { entry: name });
      }
      return new Blob([bytes]);
    },
  };
}

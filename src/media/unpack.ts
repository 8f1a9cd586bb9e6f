import { InputError } from '../base/index.ts';
import type { ErrorDetails } from '../base/index.ts';
import { crc32, openZip } from '../formats/index.ts';
import type { ZipFault } from '../formats/index.ts';

/** A picture file by its name, which may have folders in it. */
export interface NamedPicture {
  readonly name: string;
  readonly file: Blob;
}

/** A picture of 50 megapixels takes less. */
const longestPicture = 256 * 2 ** 20;

const remedies: Readonly<Record<ZipFault, string>> = {
  truncated: 'It was cut short, or is no ZIP. Download or copy it again.',
  'zip-damaged': 'Download or copy it again, or unpack it and drop the pictures.',
  'zip-unsupported': 'Unpack it and drop the pictures instead.',
};

function fail(fault: ZipFault, message: string, details: ErrorDetails, cause?: unknown): InputError {
  return new InputError(fault, message, { remedy: remedies[fault], details, cause });
}

/** Whether a file is a picture by its name; what systems hide among files is none. */
export function isPictureName(name: string): boolean {
  const parts = name.split('/');
  const hidden = parts.some((part) => part.startsWith('.') || part === '__MACOSX');
  return !hidden && /\.(png|jpe?g|webp|avif|gif|bmp)$/i.test(name);
}

/**
 * The pictures in a ZIP archive, in the archive's order. Other files are passed over; names are names only, and lead
 * nowhere.
 *
 * @throws InputError `truncated`, `zip-damaged` or `zip-unsupported`, as `openZip` says; the signal's reason when it
 *   is aborted
 */
export async function unpackPictures(archive: Blob, signal: AbortSignal): Promise<NamedPicture[]> {
  const source = {
    name: 'The archive',
    size: archive.size,
    read: async (offset: number, length: number) =>
      new Uint8Array(await archive.slice(offset, offset + length).arrayBuffer()),
  };
  const zip = await openZip(
    source,
    { fail, longestDirectory: 2 ** 25, largestInflated: longestPicture },
    signal,
  );
  const pictures: NamedPicture[] = [];
  for (const entry of zip.entries.values()) {
    if (!isPictureName(entry.name)) continue;
    if (entry.size > longestPicture) {
      throw fail('zip-unsupported', `“${entry.name}” in the archive is too large for a picture.`, {
        entry: entry.name,
        bytes: entry.size,
      });
    }
    const bytes = await zip.read(entry, 0, entry.size, signal);
    if (crc32(bytes) !== entry.crc32) {
      throw fail('zip-damaged', `“${entry.name}” in the archive is damaged.`, { entry: entry.name });
    }
    // As blobs, which browsers put on disk when they are many.
    pictures.push({ name: entry.name, file: new Blob([bytes]) });
  }
  return pictures;
}

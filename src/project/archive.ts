import { ProjectError, abortReason } from '../base/index.ts';
import type { ErrorDetails, Picture } from '../base/index.ts';
import { crc32, longestPng, openZip, writeOutput, writeZip } from '../formats/index.ts';
import type {
  ByteSource,
  CreateOutput,
  PictureSize,
  Zip,
  ZipEntry,
  ZipFault,
  ZipFile,
} from '../formats/index.ts';
import { projectFolder } from './import-kinds.ts';
import { documentFromText, documentToText } from './document.ts';
import type { ProjectDocument } from './document.ts';
import { decodeFramePng } from './png.ts';
import { startId } from './tree.ts';

/**
 * The `.drift` file format: a ZIP archive of `project.json` (settings, seeds, insights and the frame tree, as readable
 * JSON) and one PNG per picture. The original of the start picture is left out: a photograph's metadata say where and
 * when it was taken, and projects are meant to be shared.
 */

const documentName = 'project.json';

/** Maximum size of `project.json`, in bytes: more than `mostFrames` frames take. */
const longestDocument = 256 * 2 ** 20;
/** Maximum compression ratio of Deflate. A larger ratio in the directory is false, and would only allocate memory. */
const mostShrinking = 1032;
/** Maximum size of the ZIP's central directory, in bytes. */
const longestDirectory = 32 * 2 ** 20;
/** Maximum size of an inflated entry, in bytes. Drift stores PNGs uncompressed, but other programs may repack them. */
const largestInflated = longestDocument;

/** Name of a picture's entry in an archive: `start.png`, or `frames/` and the frame's id in seven digits. */
export function pictureName(id: number): string {
  return id === startId ? 'start.png' : `frames/${String(id).padStart(7, '0')}.png`;
}

/** Cancellation and progress of reading or writing an archive. */
export interface ArchiveControl {
  readonly signal: AbortSignal;
  /** Called with the number of finished pictures and the number of all pictures. */
  readonly onProgress: (progress: { readonly done: number; readonly of: number }) => void;
}

/**
 * Writes a project as a `.drift` file, one picture in memory at a time.
 *
 * @param png Returns the PNG file of a picture, by its id.
 * @throws what `png` throws; the signal's reason when it is aborted
 */
export async function writeArchive(
  document: ProjectDocument,
  png: (id: number) => Promise<Uint8Array<ArrayBuffer>>,
  createOutput: CreateOutput,
  { signal, onProgress }: ArchiveControl,
): Promise<Blob> {
  const ids = [startId, ...document.frames.map(({ id }) => id)];
  async function* files(): AsyncGenerator<ZipFile> {
    yield { name: documentName, data: new TextEncoder().encode(documentToText(document)), compress: true };
    for (const [done, id] of ids.entries()) {
      onProgress({ done, of: ids.length });
      yield { name: pictureName(id), data: await png(id) };
    }
  }
  const archive = await writeOutput(createOutput, 'application/zip', (output) =>
    writeZip(files(), output, signal),
  );
  onProgress({ done: ids.length, of: ids.length });
  return archive;
}

/** An open `.drift` file whose directory and `project.json` are validated. */
export interface Archive {
  readonly document: ProjectDocument;
  /**
   * Reads and decodes a picture by its id; `png` is the file that `picture` was decoded from.
   *
   * @throws ProjectError `file-damaged`, or a reason of `decodeFramePng`
   */
  picture(id: number): Promise<{ readonly png: Uint8Array<ArrayBuffer>; readonly picture: Picture }>;
}

/**
 * Opens a `.drift` file from an untrusted source. Entry names are not used as paths, uncompressed sizes are bounded
 * before memory is allocated, and pictures are read lazily, one at a time.
 *
 * @throws ProjectError `file-cut-off`, `file-damaged`, `file-unsupported`, `not-a-project`, `unsafe-name` (an entry
 *   called `../x` or `/x`), `picture-missing`, `picture-too-long`, or a reason of `documentFromText`; the signal's
 *   reason when it is aborted
 */
export async function openArchive(file: Blob, signal: AbortSignal): Promise<Archive> {
  const source = sourceOf(file);
  const zip = await openZip(source, { fail, longestDirectory, largestInflated }, signal);
  for (const name of zip.entries.keys()) checkName(name);
  const folder = projectFolder([...zip.entries.keys()]) ?? '';
  const description = zip.entries.get(folder + documentName);
  if (!description) {
    throw new ProjectError('not-a-project', 'This file is an archive, but no project of Drift.', {
      remedy: 'Choose a file that ends in .drift.',
      details: { entries: zip.entries.size },
    });
  }
  if (description.size > longestDocument) throw tooLong(description, longestDocument);
  const bytes = await readChecked(zip, description, signal);
  const document = documentFromText(new TextDecoder().decode(bytes));
  const sizes = new Map<number, PictureSize>([
    [startId, document.start],
    ...document.frames.map((frame): [number, PictureSize] => [frame.id, frame]),
  ]);
  for (const [id, size] of sizes) pictureEntry(zip, folder + pictureName(id), size);
  return {
    document,
    async picture(id) {
      const size = sizes.get(id);
      if (!size) throw new RangeError(`there is no picture ${id} in this project`);
      const entry = pictureEntry(zip, folder + pictureName(id), size);
      const png = await readChecked(zip, entry, signal);
      const { width, height } = size;
      return { png, picture: await decodeFramePng(png, { width, height }, entry.name) };
    },
  };
}

/** Finds a picture's entry. @throws ProjectError `picture-missing`, or `picture-too-long` for its size in pixels */
function pictureEntry(zip: Zip, name: string, size: PictureSize): ZipEntry {
  const entry = zip.entries.get(name);
  if (!entry) {
    throw new ProjectError('picture-missing', `The project is incomplete: ${name} is missing.`, {
      remedy: anotherCopy,
      details: { file: name },
    });
  }
  const limit = longestPng(size);
  if (entry.size > limit) throw tooLong(entry, limit);
  return entry;
}

async function readChecked(zip: Zip, entry: ZipEntry, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  if (entry.size > mostShrinking * entry.compressedSize) {
    throw tooLong(entry, mostShrinking * entry.compressedSize);
  }
  const bytes = await zip.read(entry, 0, entry.size, signal);
  if (crc32(bytes) === entry.crc32) return bytes;
  throw fail('zip-damaged', `${entry.name} is damaged: its checksum is wrong.`, { file: entry.name });
}

/** Rejects path traversal. Names are never used as paths, but an archive with such names is malicious. */
function checkName(name: string): void {
  const outside =
    name.startsWith('/') || /^[a-z]:/i.test(name) || name.includes('\\') || name.split('/').includes('..');
  if (!outside && !name.includes('\0')) return;
  throw new ProjectError('unsafe-name', `The file holds an entry that reaches outside of it: “${name}”.`, {
    remedy: 'It was not made by Drift. Do not use it.',
    details: { entry: name },
  });
}

const anotherCopy = 'Use another copy of the file, if there is one.';

const codes = {
  truncated: 'file-cut-off',
  'zip-damaged': 'file-damaged',
  'zip-unsupported': 'file-unsupported',
} as const;

function fail(fault: ZipFault, message: string, details: ErrorDetails, cause?: unknown): ProjectError {
  const remedy =
    fault === 'truncated'
      ? 'If it is a .drift file, it was cut short: download or copy it again.'
      : fault === 'zip-damaged'
        ? anotherCopy
        : 'Use the file as Drift wrote it.';
  return new ProjectError(codes[fault], message, { remedy, details, cause });
}

function tooLong(entry: ZipEntry, limit: number): ProjectError {
  return new ProjectError('picture-too-long', `${entry.name} is far longer than it can need to be.`, {
    remedy: 'It was not made by Drift. Do not use it.',
    details: { file: entry.name, bytes: entry.size, limit },
  });
}

function sourceOf(file: Blob): ByteSource {
  const name = 'name' in file && typeof file.name === 'string' ? file.name : 'The file';
  return {
    name,
    size: file.size,
    async read(offset, length, signal) {
      signal?.throwIfAborted();
      const bytes = await file
        .slice(offset, offset + length)
        .arrayBuffer()
        .catch((cause: unknown) => {
          if (signal?.aborted) throw abortReason(signal);
          throw new ProjectError('file-unreadable', `${name} can no longer be read.`, {
            remedy: 'It was changed or moved after you chose it. Choose it again.',
            details: { file: name },
            cause,
          });
        });
      if (bytes.byteLength === length) return new Uint8Array(bytes);
      throw fail('truncated', `${name} ends too early.`, { file: name, offset, length, size: file.size });
    },
  };
}

import { InputError } from '../base/index.ts';
import type { Picture } from '../base/index.ts';
import { frameSizeFor, sequenceOf } from '../project/index.ts';
import type { Gap } from '../project/index.ts';
import type { Fit, mediaApi } from '../protocol/index.ts';
import type { WorkerHandle } from './worker-handle.ts';

/** A file by its name, which may have folders in it. */
export interface NamedFile {
  readonly name: string;
  readonly file: Blob;
}

/** Pictures as the frames of an animation. */
export interface ReadSequence {
  readonly first: NamedFile;
  /** The first as it was cut. */
  readonly picture: Picture;
  /** All of them, the first included, as PNG files of one size: pixels of many would not fit into memory. */
  readonly frames: readonly Blob[];
  readonly missing: readonly Gap[];
  /** How many had another size than the first, and were made to fit. */
  readonly fitted: number;
}

/**
 * Reads pictures, or the pictures of a ZIP, in their natural order as frames of the first one's size.
 *
 * @param multiple what a frame's sides are multiples of
 * @throws InputError naming the picture that cannot be read, or `no-pictures`
 */
export async function readSequence(
  media: Pick<WorkerHandle<typeof mediaApi>, 'call'>,
  files: readonly NamedFile[],
  { fit, multiple }: { readonly fit: Fit; readonly multiple: number },
  signal: AbortSignal,
  onProgress: (progress: { done: number; of: number }) => void,
): Promise<ReadSequence> {
  const [only] = files;
  const isArchive = files.length === 1 && only !== undefined && /\.zip$/i.test(only.name);
  const pictures = isArchive ? await media.call('unpack', { file: only.file }, { signal }) : files;
  const { order, missing } = sequenceOf(pictures.map(({ name }) => name));
  const sorted = order.flatMap((place) => pictures[place] ?? []);
  const [first] = sorted;
  if (!first) {
    throw new InputError('no-pictures', 'There are no pictures in there.', {
      remedy: 'Drop pictures, a folder of pictures, or a ZIP of pictures.',
    });
  }
  const measure = (picture: NamedFile) =>
    named(picture, media.call('measure', { file: picture.file }, { signal }));
  const size = await measure(first);
  const { width, height } = frameSizeFor(size, multiple);
  const frames: Blob[] = [];
  let start: Picture | null = null;
  let fitted = 0;
  for (const [done, picture] of sorted.entries()) {
    onProgress({ done, of: sorted.length });
    const own = picture === first ? size : await measure(picture);
    if (own.width !== size.width || own.height !== size.height) fitted++;
    const decoded = await named(
      picture,
      media.call('decode', { file: picture.file, width, height, fit }, { signal }),
    );
    frames.push(await media.call('png', { picture: decoded }, { signal }));
    start ??= decoded;
  }
  if (!start) throw new RangeError('there is a first picture');
  return { first, picture: start, frames, missing, fitted };
}

/** What was brought in, in one or two sentences. */
export function sequenceWords({ frames, missing, fitted }: ReadSequence, fit: Fit): string {
  const count = frames.length === 1 ? '1 picture' : `${frames.length} pictures`;
  const gaps = missing.map(({ first, last }) => (first === last ? String(first) : `${first}–${last}`));
  const shown = gaps.slice(0, 8).join(', ') + (gaps.length > 8 ? ' and more' : '');
  return [
    `${count} became a project.`,
    gaps.length > 0 && `Missing numbers: ${shown}.`,
    fitted > 0 &&
      `${fitted === 1 ? '1 had' : `${fitted} had`} another size than the first and ${fitted === 1 ? 'was' : 'were'} ${fit === 'crop' ? 'cropped' : 'stretched'} to it.`,
  ]
    .filter(Boolean)
    .join(' ');
}

/** Says which of many pictures an error is about. */
async function named<T>({ name }: NamedFile, promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const { code, message, remedy, details } = error;
    throw new InputError(code, `${name}: ${message}`, {
      remedy,
      details: { ...details, file: name },
      cause: error,
    });
  }
}

import { InputError } from '../base/index.ts';
import type { Picture } from '../base/index.ts';
import { encodePng } from '../formats/index.ts';
import type { PictureSize } from '../formats/index.ts';
import { openPicture } from './decode.ts';
import type { DecodeOptions } from './decode.ts';

/** A picture file, opened on demand. */
export interface ImportedPicture {
  readonly name: string;
  readonly open: (signal: AbortSignal) => Promise<Blob>;
}

/** A picture that could not be read, and why. */
export interface BadPicture {
  readonly name: string;
  readonly message: string;
}

/** Imported pictures as frames of one size. */
export interface ImportedFrames {
  /** File of the first picture, and its frame. */
  readonly first: { readonly name: string; readonly file: Blob; readonly picture: Picture };
  /** All frames, including the first, as PNG files, because their pixels may not fit in memory. */
  readonly frames: readonly Blob[];
  /** Number of pictures with another size than the first, which were fitted. */
  readonly fitted: number;
  readonly bad: readonly BadPicture[];
}

export interface FramesControl {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: { readonly done: number; readonly of: number }) => void;
}

export interface FramesOptions {
  /** Derives the frames' size from that of the first readable picture. */
  readonly sizeFor: (size: PictureSize) => PictureSize;
  readonly fit: DecodeOptions['fit'];
  /** Serialises decoding. */
  readonly inTurn: <T>(work: () => Promise<T>) => Promise<T>;
}

/**
 * Reads one or more pictures, in order, as frames of the first one's size. Skips unreadable ones.
 *
 * @throws InputError about the first picture if none can be read; the signal's reason if aborted
 */
export async function readFrames(
  pictures: readonly ImportedPicture[],
  { sizeFor, fit, inTurn }: FramesOptions,
  { signal, onProgress }: FramesControl,
): Promise<ImportedFrames> {
  const frames: Blob[] = [];
  const bad: BadPicture[] = [];
  let failure: InputError | null = null;
  let first: FirstFrame | null = null;
  let fitted = 0;
  for (const [done, { name, open }] of pictures.entries()) {
    signal.throwIfAborted();
    onProgress({ done, of: pictures.length });
    try {
      const cut = first?.options;
      const made = await inTurn(async () => {
        const file = await open(signal);
        const opened = await openPicture(file, signal);
        try {
          const size = { width: opened.width, height: opened.height };
          const options: DecodeOptions = cut ?? { ...sizeFor(size), fit };
          return { name, file, picture: opened.cut(options), size, options };
        } finally {
          opened.close();
        }
      });
      frames.push(new Blob([encodePng(made.picture)], { type: 'image/png' }));
      first ??= made;
      if (made.size.width !== first.size.width || made.size.height !== first.size.height) fitted++;
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      failure ??= error.about(name);
      bad.push({ name, message: error.message });
    }
  }
  if (!first) throw failure ?? new RangeError('there is no picture to read');
  const { name, file, picture } = first;
  return { first: { name, file, picture }, frames, fitted, bad };
}

interface FirstFrame {
  readonly name: string;
  readonly file: Blob;
  readonly picture: Picture;
  /** Size of the file's picture, and how it was fitted. */
  readonly size: PictureSize;
  readonly options: DecodeOptions;
}

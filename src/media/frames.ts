import { InputError } from '../base/index.ts';
import type { Picture } from '../base/index.ts';
import { encodePng } from '../formats/index.ts';
import type { PictureSize } from '../formats/index.ts';
import { openPicture } from './decode.ts';
import type { DecodeOptions } from './decode.ts';

/** A picture file that is opened when its turn comes. */
export interface BroughtPicture {
  readonly name: string;
  readonly open: (signal: AbortSignal) => Promise<Blob>;
}

/** A picture that could not be read, and why. */
export interface BadPicture {
  readonly name: string;
  readonly message: string;
}

/** Pictures as frames of one size. */
export interface BroughtFrames {
  /** The file of the first, and the first as it was cut. */
  readonly first: { readonly name: string; readonly file: Blob; readonly picture: Picture };
  /** All of them, the first included, as PNG files: pixels of many would not fit into memory. */
  readonly frames: readonly Blob[];
  /** How many had another size than the first, and were made to fit. */
  readonly fitted: number;
  readonly bad: readonly BadPicture[];
}

export interface FramesControl {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: { readonly done: number; readonly of: number }) => void;
}

export interface FramesOptions {
  /** The frames' size, from that of the first picture that can be read. */
  readonly sizeFor: (size: PictureSize) => PictureSize;
  readonly fit: DecodeOptions['fit'];
  /** Runs what decodes a picture when no other is being decoded. */
  readonly inTurn: <T>(work: () => Promise<T>) => Promise<T>;
}

/**
 * Reads pictures, at least one, one after another as frames of the first one's size. Those that cannot be read are left
 * out.
 *
 * @throws InputError of the first picture where none can be read; the signal's reason when it is aborted
 */
export async function readFrames(
  pictures: readonly BroughtPicture[],
  { sizeFor, fit, inTurn }: FramesOptions,
  { signal, onProgress }: FramesControl,
): Promise<BroughtFrames> {
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
  /** The file's size, and how it was cut. */
  readonly size: PictureSize;
  readonly options: DecodeOptions;
}

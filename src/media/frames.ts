import { InputError, mostFrames } from '../base/index.ts';
import type { Picture } from '../base/index.ts';
import { encodePng } from '../formats/index.ts';
import type { OutputFile, PictureSize } from '../formats/index.ts';
import { openFrame, openPicture } from './decode.ts';
import type { DecodeOptions, OpenedPicture } from './decode.ts';
import { openMoving } from './moving.ts';
import { checkPictureSize } from './sniff.ts';

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
  /** The first frame, and the file that it can be fitted from again. */
  readonly first: { readonly name: string; readonly file: Blob; readonly picture: Picture };
  /** All frames, including the first, as PNG files in the output file. */
  readonly frames: readonly Blob[];
  /** Number of pictures with another size than the first, which were fitted. */
  readonly fitted: number;
  readonly bad: readonly BadPicture[];
}

/** What is known of an animation or a video whose frames were imported. */
export interface AnimationFacts {
  /** Number of frames that the file is said to have. */
  readonly count: number;
  /** One of so many frames was taken. */
  readonly every: number;
  /** Mean frames per second of those that were taken; null if the file does not say. */
  readonly frameRate: number | null;
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
  /** Empty file that the frames are written to, since they may not fit in memory. The caller keeps or discards it. */
  readonly output: OutputFile;
}

/** Most frames that are taken of an animation or a video. */
export const mostMovingFrames = 1000;

/** Frames written one after another into one file. */
class FrameFiles {
  readonly #output: OutputFile;
  readonly #ends: number[] = [];

  constructor(output: OutputFile) {
    this.#output = output;
  }

  get count(): number {
    return this.#ends.length;
  }

  add(picture: Picture): void {
    this.#output.write(encodePng(picture));
    this.#ends.push(this.#output.size);
  }

  async finish(): Promise<Blob[]> {
    const file = await this.#output.finish('image/png');
    return this.#ends.map((end, i) => file.slice(this.#ends[i - 1] ?? 0, end, 'image/png'));
  }
}

/**
 * Reads one or more pictures, in order, as frames of the first one's size. Skips unreadable ones. Each is decoded once, and
 * one at a time.
 *
 * @throws InputError `too-many-pictures`, or about the first picture if none can be read; the signal's reason if aborted
 */
export async function readFrames(
  pictures: readonly ImportedPicture[],
  { sizeFor, fit, inTurn, output }: FramesOptions,
  { signal, onProgress }: FramesControl,
): Promise<ImportedFrames> {
  if (pictures.length > mostFrames) {
    const [many, most] = [pictures.length, mostFrames].map((count) => count.toLocaleString('en'));
    throw new InputError(
      'too-many-pictures',
      `There are ${many} pictures, and a project has at most ${most}.`,
      {
        remedy: 'Choose fewer of them at a time.',
        details: { pictures: pictures.length, limit: mostFrames },
      },
    );
  }
  const frames = new FrameFiles(output);
  const bad: BadPicture[] = [];
  let failure: InputError | null = null;
  let first: FirstFrame | null = null;
  let fitted = 0;
  for (const [done, { name, open }] of pictures.entries()) {
    signal.throwIfAborted();
    onProgress({ done, of: pictures.length });
    try {
      const cut: DecodeOptions | undefined = first?.options;
      const made: FirstFrame = await inTurn(async () => {
        const file = await open(signal);
        const opened = await openPicture(file, signal);
        return { name, file, ...fittedFrame(opened, cut ?? { ...sizeFor(opened), fit }) };
      });
      frames.add(made.picture);
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
  return { first: { name, file, picture }, frames: await frames.finish(), fitted, bad };
}

/**
 * Reads the frames of an animation or a video one at a time; of more than `mostMovingFrames`, one of every so many. If it is
 * damaged, takes those before the damage.
 *
 * @throws InputError about the file if no frame can be read; the signal's reason if aborted
 */
export async function readMovingFrames(
  { name, open }: ImportedPicture,
  { sizeFor, fit, inTurn, output }: FramesOptions,
  { signal, onProgress }: FramesControl,
): Promise<ImportedFrames & { readonly animation: AnimationFacts }> {
  const moving = await openMoving(await open(signal), signal).catch((error: unknown) => {
    throw error instanceof InputError ? error.about(name) : error;
  });
  const { count } = moving;
  const every = Math.max(1, Math.ceil(count / mostMovingFrames));
  const of = Math.ceil(count / every);
  const frames = new FrameFiles(output);
  const bad: BadPicture[] = [];
  const start: { first: ImportedFrames['first'] | null; options: DecodeOptions | null } = {
    first: null,
    options: null,
  };
  let [read, seconds] = [0, 0];
  const source = moving.frames();
  try {
    for (;;) {
      signal.throwIfAborted();
      onProgress({ done: frames.count, of });
      const isDone = await inTurn(async () => {
        const { value } = await source.next();
        if (!value) return true;
        seconds += value.seconds;
        if (read++ % every > 0 || frames.count === mostMovingFrames) {
          value.frame.close();
          return false;
        }
        const opened = await openFrame(value.frame, value.orientation);
        const { width, height } = opened;
        if (!start.first) checkPictureSize({ kind: 'gif', width, height });
        start.options ??= { ...sizeFor(opened), fit };
        // The whole first frame stays the file that the start picture is cut from.
        const whole = start.first ? null : encodePng(opened.cut({ width, height, fit }));
        const { picture } = fittedFrame(opened, start.options);
        frames.add(picture);
        if (whole) start.first = { name, file: new Blob([whole], { type: 'image/png' }), picture };
        return false;
      });
      if (isDone) break;
    }
  } catch (error) {
    signal.throwIfAborted();
    if (!start.first) throw error instanceof InputError ? error.about(name) : noFrame(name, error);
    bad.push({ name, message: `it is damaged after ${read} of ${count} frames` });
  } finally {
    await source.return();
    moving.close();
  }
  const { first } = start;
  if (!first) throw noFrame(name);
  const frameRate = seconds > 0 ? frames.count / seconds : null;
  return { first, frames: await frames.finish(), fitted: 0, bad, animation: { count, every, frameRate } };
}

function noFrame(name: string, cause?: unknown): InputError {
  return new InputError('picture-damaged', 'Its frames cannot be read: the file is damaged.', {
    remedy: 'Download or copy it again, or choose another one.',
    cause,
  }).about(name);
}

/** Cuts a frame from a picture, which is closed. */
function fittedFrame(opened: OpenedPicture, options: DecodeOptions) {
  try {
    const { width, height } = opened;
    return { picture: opened.cut(options), size: { width, height }, options };
  } finally {
    opened.close();
  }
}

interface FirstFrame {
  readonly name: string;
  readonly file: Blob;
  readonly picture: Picture;
  /** Size of the file's picture, and how it was fitted. */
  readonly size: PictureSize;
  readonly options: DecodeOptions;
}

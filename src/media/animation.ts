import { MediaError } from '../base/index.ts';
import type { Picture } from '../base/index.ts';
import type { CreateOutput, PictureSize } from '../formats/index.ts';

/** Frames of an animation, read one at a time by encoders. */
export interface FrameSource {
  /** Sizes of all frames, in order. */
  readonly sizes: readonly PictureSize[];
  /** Reads the pixels of a frame. */
  picture(index: number): Promise<Picture>;
  /** Reads a frame as a PNG file. */
  png(index: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** A finished file. */
export interface MediaFile {
  /** The file, with its MIME type. */
  readonly file: Blob;
  /** Name of the encoder. */
  readonly encoder: string;
}

/** Cancellation, progress and temporary files of an encoder. */
export interface EncodeControl {
  readonly signal: AbortSignal;
  /** Called when `done` of `of` frames are written. */
  readonly onProgress: (progress: { readonly done: number; readonly of: number }) => void;
  /** Creates a temporary file, on disk if the browser supports it. */
  readonly createOutput: CreateOutput;
}

/**
 * The common size of all frames.
 *
 * @throws MediaError `no-frames` or `frames-differ`
 */
export function frameSize({ sizes }: Pick<FrameSource, 'sizes'>): PictureSize {
  const [first] = sizes;
  if (!first) {
    throw new MediaError('no-frames', 'There are no frames to write.', { remedy: 'Make some frames first.' });
  }
  const { width, height } = first;
  const odd = sizes.findIndex((frame) => frame.width !== width || frame.height !== height);
  const other = sizes[odd];
  if (other) {
    throw new MediaError(
      'frames-differ',
      `The frames are not all of one size: frame 1 is ${width} × ${height} pixels, frame ${odd + 1} is ${other.width} × ${other.height}.`,
      {
        remedy: 'Make the animation anew with one width and height, or download its frames as ZIP.',
        details: { width, height, frame: odd + 1, frameWidth: other.width, frameHeight: other.height },
      },
    );
  }
  return { width, height };
}

import { MediaError } from '../base/index.ts';
import type { Picture } from '../base/index.ts';
import type { CreateOutput, PictureSize } from '../formats/index.ts';

/** The frames of an animation, of which an encoder reads one at a time. */
export interface FrameSource {
  /** Of all frames, in order. */
  readonly sizes: readonly PictureSize[];
  /** The pixels of a frame, counted from 0. */
  picture(index: number): Promise<Picture>;
  /** A frame as a PNG file. */
  png(index: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** A finished file. */
export interface MediaFile {
  /** With its MIME type. */
  readonly file: Blob;
  /** The program that wrote it, for those who compare. */
  readonly encoder: string;
}

/** How the writing of an animation is watched and stopped. */
export interface EncodeControl {
  readonly signal: AbortSignal;
  /** `done` of `of` frames are written. */
  readonly onProgress: (progress: { readonly done: number; readonly of: number }) => void;
  /** Begins a file to write into, on disk where the browser allows that. */
  readonly createOutput: CreateOutput;
}

/**
 * The one size of all frames.
 *
 * @throws MediaError `no-frames` or `frames-differ`.
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

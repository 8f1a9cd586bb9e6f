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
 * Size of a file's frames: that of the first one. Encoders fit frames of other sizes to it.
 *
 * @throws MediaError `no-frames`
 */
export function frameSize({ sizes }: Pick<FrameSource, 'sizes'>): PictureSize {
  const [first] = sizes;
  if (first) return { width: first.width, height: first.height };
  throw new MediaError('no-frames', 'There are no frames to write.', { remedy: 'Make some frames first.' });
}

import type { Picture } from '../../base/index.ts';
import type { CreateOutput, PictureSize } from '../../formats/index.ts';
import type { Sink } from '../output-sink.ts';

/** The frames of a file, all of one size and opaque, made one at a time when an encoder asks. */
export interface FrameFeed extends PictureSize {
  readonly count: number;
  /** How long each frame is shown, in seconds. */
  readonly seconds: readonly number[];
  /** A frame's pixels, its own to change. */
  picture(index: number): Promise<Picture>;
  /** A frame as a PNG file of 8-bit RGB: as it is kept where nothing about it has changed. */
  png(index: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** What an encoder needs to know besides the frames. */
export interface EncodeOptions {
  /** Frames per second, for formats in which all frames last equally long. */
  readonly frameRate: number;
  readonly loop: boolean;
  /** From 0 to 1, for formats that lose something. */
  readonly quality: number;
  /** Ordered dither, of GIF. */
  readonly dither: boolean;
  /** How the animation was made, as JSON, for the file's metadata; null to leave it out. */
  readonly note: string | null;
  /** The description of the project, for archives; null to leave it out. */
  readonly document: string | null;
}

export interface EncodeWatch {
  readonly signal: AbortSignal;
  /** Begins a file for what lies between the passes of an encoder. */
  readonly createOutput: CreateOutput;
  /** After each frame that is written; several passes count as parts of the whole. */
  readonly onProgress: (progress: { readonly done: number; readonly of: number }) => void;
}

/**
 * Writes a file to a sink. Frames are read one after another, so that memory does not grow with their number; it throws
 * the signal's reason when it is aborted, and leaves nothing running however it ends. It returns the name of the
 * program that encoded.
 */
export type Encode = (
  feed: FrameFeed,
  sink: Sink,
  options: EncodeOptions,
  watch: EncodeWatch,
) => Promise<string>;

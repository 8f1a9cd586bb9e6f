import type { Picture } from '../../base/index.ts';
import type { CreateOutput, PictureSize } from '../../formats/index.ts';
import type { Sink } from '../output-sink.ts';

/** Frames of an output file, all opaque and of one size, rendered on demand. */
export interface FrameFeed extends PictureSize {
  readonly count: number;
  /** Duration of each frame, in seconds. */
  readonly seconds: readonly number[];
  /** Renders a frame; the caller may modify it. */
  picture(index: number): Promise<Picture>;
  /** A frame as an 8-bit RGB PNG file: the stored file if the frame is unmodified. */
  png(index: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** Dithering to a palette: none, ordered by a threshold matrix, or error diffusion. */
export type Dither = 'none' | 'ordered' | 'diffusion';

/** Encoder options. */
export interface EncodeOptions {
  /** Frames per second, for formats with a constant frame rate. */
  readonly frameRate: number;
  /** Number of times that the animation plays; 0 for ever. */
  readonly plays: number;
  /** 0 … 1, for lossy formats. */
  readonly quality: number;
  /** For GIF. */
  readonly dither: Dither;
  /** For GIF: one palette for all frames, or one for each. */
  readonly palettes: 'shared' | 'per-frame';
  /** For MP4: the browser's encoder if it has one, or ffmpeg's x264. */
  readonly videoEncoder: 'browser' | 'x264';
  /** For WebM: VP9, or AV1 where the browser has an encoder for it. */
  readonly webmCodec: 'vp9' | 'av1';
  /** Metadata about how the animation was made, as JSON; null for none. */
  readonly note: string | null;
  /** Project description for archives; null for none. */
  readonly document: string | null;
}

export interface EncodeWatch {
  readonly signal: AbortSignal;
  /** Creates a temporary file for data between passes. */
  readonly createOutput: CreateOutput;
  /** Whether only the size of the file is wanted. */
  readonly isEstimate?: boolean;
  /** Called after each written frame; several passes count as fractions. */
  readonly onProgress: (progress: { readonly done: number; readonly of: number }) => void;
}

/**
 * Encodes a file to a sink, reading frames one at a time, so that memory does not grow with their number. Throws the
 * signal's reason if aborted; leaves nothing running in any case. Returns the encoder's name.
 */
export type Encode = (
  feed: FrameFeed,
  sink: Sink,
  options: EncodeOptions,
  watch: EncodeWatch,
) => Promise<string>;

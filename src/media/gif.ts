import { frameSize } from './animation.ts';
import type { EncodeControl, FrameSource, MediaFile } from './animation.ts';
import { encoders, feedOf, mimeTypes } from './export/index.ts';
import type { EncodeOptions } from './export/index.ts';
import { writeToSink } from './output-sink.ts';

export interface GifOptions {
  /** Frames per second. */
  readonly frameRate: number;
  /** Loops forever if true, plays once if false. */
  readonly loop: boolean;
}

/**
 * Encodes a GIF without further options: error diffusion to a palette of each frame. Frames of other sizes than the first
 * are scaled to fit, with bars.
 *
 * @throws MediaError `no-frames`; what `source` throws; the signal's reason if aborted
 */
export async function encodeQuickGif(
  source: FrameSource,
  { frameRate, loop }: GifOptions,
  control: EncodeControl,
): Promise<MediaFile> {
  control.signal.throwIfAborted();
  const { width, height } = frameSize(source);
  const seconds = 1 / frameRate;
  const feed = feedOf(
    source,
    source.sizes.map((_, index) => ({ picture: index, next: index, mix: 0, seconds })),
    {
      placement: { width, height, x: 0, y: 0, scaledWidth: width, scaledHeight: height },
      resampling: 'lanczos',
      fit: 'pad',
    },
  );
  const options: EncodeOptions = {
    frameRate,
    plays: loop ? 0 : 1,
    dither: 'diffusion',
    palettes: 'per-frame',
    videoEncoder: 'browser',
    webmCodec: 'vp9',
    quality: 1,
    note: null,
    document: null,
  };
  const { file, result } = await writeToSink(control.createOutput, mimeTypes.gif, (sink) =>
    encoders.gif(feed, sink, options, control),
  );
  return { file, encoder: result };
}

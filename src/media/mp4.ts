import { DriftError } from '../base/index.ts';
import { frameSize } from './animation.ts';
import type { EncodeControl, FrameSource, MediaFile } from './animation.ts';
import { abortable } from '../base/index.ts';
import { canEncodeH264, encodeWithWebCodecs } from './webcodecs.ts';

/**
 * Writes frames as an H.264 video in MP4 (yuv420p, index first), with the browser's encoder where there is one and
 * else with ffmpeg, which is loaded only then. `encoder` of the result says which: `webcodecs` or `ffmpeg`.
 *
 * `frameRate` in frames per second. @throws MediaError as `encodeWithFfmpeg`; what `source` throws; the signal's reason when aborted.
 */
export async function encodeMp4(
  source: FrameSource,
  { frameRate }: { readonly frameRate: number },
  control: EncodeControl,
): Promise<MediaFile> {
  const { signal } = control;
  signal.throwIfAborted();
  const { width, height } = frameSize(source);
  if (await abortable(canEncodeH264(width, height, frameRate), signal)) {
    try {
      return await encodeWithWebCodecs(source, frameRate, control);
    } catch (error) {
      signal.throwIfAborted();
      // What the frames themselves lack, another encoder lacks too.
      if (error instanceof DriftError) throw error;
      // Browsers promise encoders that then fail, mostly in hardware: the slow way still makes the file.
      console.warn('The browser could not encode H.264 after all; ffmpeg does it instead.', error);
    }
  }
  const { encodeWithFfmpeg } = await abortable(import('./ffmpeg.ts'), signal);
  return await encodeWithFfmpeg(source, frameRate, control);
}

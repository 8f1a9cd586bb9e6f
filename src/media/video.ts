import { DriftError, abortable } from '../base/index.ts';
import type { CreateOutput } from '../formats/index.ts';
import type { FfmpegJob } from './ffmpeg.ts';
import type { Sink } from './output-sink.ts';
import { canEncode, encodeWithWebCodecs } from './webcodecs.ts';
import type { VideoCodec, VideoControl, VideoFrames, VideoOptions } from './webcodecs.ts';

export interface EncodeVideoControl extends VideoControl {
  /** Creates ffmpeg's temporary file of raw frames. */
  readonly createOutput: CreateOutput;
  /** Whether only the size of the file is wanted, for which ffmpeg is not fetched. */
  readonly isEstimate?: boolean;
}

export interface EncodeVideoOptions extends VideoOptions {
  /** Whether ffmpeg encodes even if the browser could. */
  readonly withFfmpeg: boolean;
}

/** Colour metadata, so that all players show the same colours. */
const labels = '-color_range tv -colorspace bt709 -color_primaries bt709 -color_trc bt709';
const scaling = '-vf scale=out_color_matrix=bt709:out_range=tv -pix_fmt yuv420p';

/** ffmpeg arguments per codec; full quality as in the original program. Its WebAssembly build has no encoder for AV1. */
function ffmpegArguments(codec: VideoCodec, quality: number, comment: string | null): string[] {
  const coarser = 1 - quality;
  const vp9 = `-c:v libvpx-vp9 -crf ${Math.round(24 + 38 * coarser)} -b:v 0 -deadline good -cpu-used 4 -row-mt 0`;
  const encoding = {
    // The default lookahead of 40 frames would delay progress.
    avc: `-c:v libx264 -crf ${Math.round(20 + 30 * coarser)} -rc-lookahead 10 -movflags +faststart`,
    vp9,
    av1: vp9,
  }[codec];
  const note = comment === null ? [] : ['-metadata', `comment=${comment}`];
  return [...`${scaling} ${encoding} ${labels}`.split(' '), ...note];
}

/**
 * Encodes a video with the browser's encoder, or with ffmpeg, loaded on demand, if the browser has none or
 * that is wanted.
 *
 * @returns `webcodecs` or `ffmpeg`
 * @throws MediaError like `encodeWithFfmpeg`; in an estimate, what the browser's encoder throws; what `picture` or the sink throws; the signal's reason if aborted
 */
export async function encodeVideo(
  video: VideoFrames,
  options: EncodeVideoOptions,
  sink: Sink,
  control: EncodeVideoControl,
): Promise<'webcodecs' | 'ffmpeg'> {
  const { signal } = control;
  if (!options.withFfmpeg && (await abortable(canEncode(video, options), signal))) {
    try {
      await encodeWithWebCodecs(video, options, sink, control);
      return 'webcodecs';
    } catch (error) {
      signal.throwIfAborted();
      // An error in the frames would also fail another encoder.
      if (error instanceof DriftError || control.isEstimate) throw error;
      // Hardware encoders that were reported as supported may still fail; ffmpeg is slow, but works.
      console.warn('The browser could not encode the video after all; ffmpeg does it instead.', error);
    }
  }
  const { encodeWithFfmpeg } = await abortable(import('./ffmpeg.ts'), signal);
  await sink.restart();
  const { codec } = options;
  const { width, height, frameRate, repeats } = video;
  const output = codec === 'avc' ? 'out.mp4' : 'out.webm';
  const job: FfmpegJob = {
    format: codec === 'avc' ? 'MP4' : 'WebM',
    width,
    height,
    frameRate,
    shown: repeats.flatMap((repeat, index) => new Array<number>(repeat).fill(index)),
    picture: (index) => video.picture(index),
    options: [...ffmpegArguments(codec, options.quality, options.comment), output],
    outputs: [output],
    take: (bytes) => sink.write(bytes, 0),
  };
  await encodeWithFfmpeg(job, {
    signal,
    createOutput: control.createOutput,
    onShare(share) {
      control.onPicture(Math.floor(share * repeats.length));
    },
  });
  return 'ffmpeg';
}

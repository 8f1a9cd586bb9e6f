import { DriftError, abortable } from '../base/index.ts';
import type { CreateOutput } from '../formats/index.ts';
import type { FfmpegJob } from './ffmpeg.ts';
import type { Sink } from './output-sink.ts';
import { canEncode, encodeWithWebCodecs } from './webcodecs.ts';
import type { VideoCodec, VideoControl, VideoFrames, VideoOptions } from './webcodecs.ts';

export interface EncodeVideoControl extends VideoControl {
  /** Begins the file that ffmpeg reads frames from. */
  readonly createOutput: CreateOutput;
}

/** Colours labelled so that every player shows the same ones. */
const labels = '-color_range tv -colorspace bt709 -color_primaries bt709 -color_trc bt709';
const scaling = '-vf scale=out_color_matrix=bt709:out_range=tv -pix_fmt yuv420p';

/** Arguments of ffmpeg for each codec, at full quality as the original program writes H.264. */
function ffmpegArguments(codec: VideoCodec, quality: number, comment: string | null): string[] {
  const coarser = 1 - quality;
  const encoding = {
    // By default it looks 40 frames ahead, and progress stands still for as long.
    avc: `-c:v libx264 -crf ${Math.round(20 + 30 * coarser)} -rc-lookahead 10 -movflags +faststart`,
    vp9: `-c:v libvpx-vp9 -crf ${Math.round(24 + 38 * coarser)} -b:v 0 -deadline good -cpu-used 4 -row-mt 0`,
  }[codec];
  const note = comment === null ? [] : ['-metadata', `comment=${comment}`];
  return [...`${scaling} ${encoding} ${labels}`.split(' '), ...note];
}

/**
 * Writes a video with the browser's encoder where there is one and else with ffmpeg, which is loaded only then.
 *
 * @returns which: `webcodecs` or `ffmpeg`
 * @throws MediaError as `encodeWithFfmpeg`; what `picture` or the sink throws; the signal's reason when aborted
 */
export async function encodeVideo(
  video: VideoFrames,
  options: VideoOptions,
  sink: Sink,
  control: EncodeVideoControl,
): Promise<'webcodecs' | 'ffmpeg'> {
  const { signal } = control;
  if (await abortable(canEncode(video, options), signal)) {
    try {
      await encodeWithWebCodecs(video, options, sink, control);
      return 'webcodecs';
    } catch (error) {
      signal.throwIfAborted();
      // What the frames themselves lack, another encoder lacks too.
      if (error instanceof DriftError) throw error;
      // Browsers promise encoders that then fail, mostly in hardware: the slow way still makes the file.
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
    passes: [[...ffmpegArguments(codec, options.quality, options.comment), output]],
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

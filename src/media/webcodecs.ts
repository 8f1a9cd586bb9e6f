import {
  Mp4OutputFormat,
  Output,
  Quality,
  StreamTarget,
  VideoSample,
  VideoSampleSource,
  WebMOutputFormat,
  canEncodeVideo,
} from 'mediabunny';
import { abortable } from '../base/index.ts';
import type { Picture } from '../base/index.ts';
import type { Sink } from './output-sink.ts';
import { toI420 } from './yuv.ts';

/** What `toI420` makes, written into the file so that every player shows the same colours. */
const colorSpace = { primaries: 'bt709', transfer: 'bt709', matrix: 'bt709', fullRange: false } as const;

/** H.264 goes into MP4, VP9 into WebM. */
export type VideoCodec = 'avc' | 'vp9';

/** The frames of a video; both sides are even. */
export interface VideoFrames {
  readonly width: number;
  readonly height: number;
  /** Frames per second. */
  readonly frameRate: number;
  /** For how many frames of the video each picture is shown. */
  readonly repeats: readonly number[];
  picture(index: number): Promise<Picture>;
}

export interface VideoOptions {
  readonly codec: VideoCodec;
  /** From 0 to 1, which is CRF 20 of libx264 or its like. */
  readonly quality: number;
  /** Text for the file's comment tag; null for none. */
  readonly comment: string | null;
}

export interface VideoControl {
  readonly signal: AbortSignal;
  /** After each picture, with how many are done. */
  readonly onPicture: (done: number) => void;
}

/** The quantizer at full quality, on the scale of the codec's reference encoder. */
const finest: Record<VideoCodec, number> = { avc: 20, vp9: 26 };
/** The same at no quality at all. */
const coarsest: Record<VideoCodec, number> = { avc: 50, vp9: 62 };

/**
 * Where the browser's encoder takes a quantizer it gets one; where it takes only a bitrate, one that is enough for
 * frames that have little in common, up to what level 5 streams may have. A small frame holds as much as a large one in
 * fewer pixels, so a part of the bits goes to every frame alike: at 128 × 128 they match CRF 20 on frames that are
 * nearly noise. Six steps of the quantizer halve the bits.
 */
function encoderQuality(
  { width, height, frameRate }: Pick<VideoFrames, 'width' | 'height' | 'frameRate'>,
  { codec, quality }: Pick<VideoOptions, 'codec' | 'quality'>,
): Quality {
  const bitsPerFrame = 30_000 + 1.2 * width * height;
  const share = 2 ** (-5 * (1 - quality));
  const bitrate = Math.ceil(Math.min(bitsPerFrame * frameRate, 100e6) * share);
  const quantizer = Math.round(finest[codec] + (1 - quality) * (coarsest[codec] - finest[codec]));
  return new Quality({ quantizer, bitrate });
}

/** Whether this browser can encode a codec in these sides at this rate. */
export async function canEncode(
  video: Pick<VideoFrames, 'width' | 'height' | 'frameRate'>,
  options: Pick<VideoOptions, 'codec' | 'quality'>,
): Promise<boolean> {
  const { width, height, frameRate } = video;
  const quality = encoderQuality(video, options);
  return await canEncodeVideo(options.codec, { width, height, frameRate, quality });
}

/**
 * Writes a video with the browser's own encoder; frame `i` is shown at `i / frameRate` seconds.
 *
 * @throws the signal's reason when it is aborted, and whatever the browser's encoder or the sink reports.
 */
export async function encodeWithWebCodecs(
  video: VideoFrames,
  options: VideoOptions,
  sink: Sink,
  { signal, onPicture }: VideoControl,
): Promise<void> {
  const { width, height, frameRate, repeats } = video;
  const target = new StreamTarget(
    new WritableStream({ write: ({ data, position }) => sink.write(data.slice(), position) }),
  );
  // Room for the index is left at the beginning, so that the frames need not wait in memory until it is known.
  const format =
    options.codec === 'avc' ? new Mp4OutputFormat({ fastStart: 'reserve' }) : new WebMOutputFormat();
  const output = new Output({ format, target });
  const source = new VideoSampleSource({
    codec: options.codec,
    quality: encoderQuality(video, options),
  });
  const count = repeats.reduce((sum, repeat) => sum + repeat, 0);
  output.addVideoTrack(source, { frameRate, maximumPacketCount: count });
  if (options.comment !== null) output.setMetadataTags({ comment: options.comment });
  let frame = 0;
  try {
    await abortable(output.start(), signal);
    for (const [index, repeat] of repeats.entries()) {
      signal.throwIfAborted();
      const planes = toI420(await video.picture(index));
      for (const end = frame + repeat; frame < end; frame++) {
        const sample = new VideoSample(planes, {
          format: 'I420',
          colorSpace,
          codedWidth: width,
          codedHeight: height,
          timestamp: frame / frameRate,
          duration: 1 / frameRate,
        });
        try {
          await abortable(source.add(sample), signal);
        } finally {
          sample.close();
        }
      }
      // The last one is done when the file is.
      onPicture(index);
    }
    await abortable(output.finalize(), signal);
    onPicture(repeats.length);
  } catch (error) {
    // What went wrong first is what counts.
    await output.cancel().catch(() => undefined);
    throw error;
  }
}

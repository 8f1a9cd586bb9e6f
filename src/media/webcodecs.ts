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
import { mendedAvcConfig } from './avc-config.ts';
import type { Sink } from './output-sink.ts';
import { toI420 } from './yuv.ts';

/** Colour space of `toI420`, declared in the file so that all players show the same colours. */
const colorSpace = { primaries: 'bt709', transfer: 'bt709', matrix: 'bt709', fullRange: false } as const;

/** H.264 (in MP4), VP9 or AV1 (both in WebM). */
export type VideoCodec = 'avc' | 'vp9' | 'av1';

/** Frames of a video; width and height are even. */
export interface VideoFrames {
  readonly width: number;
  readonly height: number;
  /** Frames per second. */
  readonly frameRate: number;
  /** Number of video frames that each picture is shown for. */
  readonly repeats: readonly number[];
  picture(index: number): Promise<Picture>;
}

export interface VideoOptions {
  readonly codec: VideoCodec;
  /** 0 … 1; 1 corresponds to CRF 20 of libx264. */
  readonly quality: number;
  /** Comment tag; null for none. */
  readonly comment: string | null;
}

export interface VideoControl {
  readonly signal: AbortSignal;
  /** Called after each picture with the number of finished ones. */
  readonly onPicture: (done: number) => void;
}

/** Quantizer at quality 1, on the scale of the codec's reference encoder. */
const finest: Record<VideoCodec, number> = { avc: 20, vp9: 33, av1: 44 };
/** Quantizer at quality 0. */
const coarsest: Record<VideoCodec, number> = { avc: 50, vp9: 62, av1: 240 };

/**
 * Quantizer, with a bitrate for browsers that do not support one. The bitrate suffices for frames with little in common,
 * up to the limit of level 5. Part of it is independent of the frame's size, because small frames have as much detail in
 * fewer pixels: at 128 × 128 it matches CRF 20 for nearly random frames. Six quantizer steps halve the bits.
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

/** True if the browser can encode this codec, size and frame rate. */
export async function canEncode(
  video: Pick<VideoFrames, 'width' | 'height' | 'frameRate'>,
  options: Pick<VideoOptions, 'codec' | 'quality'>,
): Promise<boolean> {
  const { width, height, frameRate } = video;
  const quality = encoderQuality(video, options);
  return await canEncodeVideo(options.codec, { width, height, frameRate, quality });
}

function copyOf(source: AllowSharedBufferSource): Uint8Array<ArrayBuffer> {
  const bytes = ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
  return bytes.slice();
}

/**
 * Encodes a video with WebCodecs; frame `i` starts at `i / frameRate` seconds.
 *
 * @throws the signal's reason if aborted, and any error of the browser's encoder or the sink
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
  // Space for the index is reserved at the start, so that frames need not be buffered until it is known.
  const format =
    options.codec === 'avc' ? new Mp4OutputFormat({ fastStart: 'reserve' }) : new WebMOutputFormat();
  const output = new Output({ format, target });
  const source = new VideoSampleSource({
    codec: options.codec,
    quality: encoderQuality(video, options),
    onEncodedPacket(_, meta) {
      const config = meta?.decoderConfig;
      if (options.codec !== 'avc' || !config?.description) return;
      config.description = mendedAvcConfig(copyOf(config.description));
    },
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
      // The last one is reported after finalizing.
      onPicture(index);
    }
    await abortable(output.finalize(), signal);
    onPicture(repeats.length);
  } catch (error) {
    // The first error counts.
    await output.cancel().catch(() => undefined);
    throw error;
  }
}

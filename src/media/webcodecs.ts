import {
  Mp4OutputFormat,
  Output,
  Quality,
  StreamTarget,
  VideoSample,
  VideoSampleSource,
  canEncodeVideo,
} from 'mediabunny';
import { frameSize } from './animation.ts';
import type { EncodeControl, FrameSource, MediaFile } from './animation.ts';
import { abortable } from '../base/index.ts';
import { writeOutput } from '../formats/index.ts';
import type { OutputFile } from '../formats/index.ts';
import { toI420 } from './yuv.ts';

/** What `toI420` makes, written into the file so that every player shows the same colours. */
const colorSpace = { primaries: 'bt709', transfer: 'bt709', matrix: 'bt709', fullRange: false } as const;

/**
 * Where the browser's encoder takes a quantizer it gets libx264's scale; where it takes only a bitrate, one that
 * is enough for frames that have little in common, up to what level 5 streams may have. A small frame holds as much
 * as a large one in fewer pixels, so a part of the bits goes to every frame alike: at 128 × 128 they match CRF 20 on
 * frames that are nearly noise.
 */
function quality(width: number, height: number, frameRate: number): Quality {
  const bitsPerFrame = 30_000 + 1.2 * width * height;
  const bitrate = Math.ceil(Math.min(bitsPerFrame * frameRate, 100e6));
  return new Quality({ quantizer: 20, bitrate });
}

/** Whether this browser can encode H.264 in these sides (in pixels) at this rate (in frames per second). */
export async function canEncodeH264(width: number, height: number, frameRate: number): Promise<boolean> {
  return await canEncodeVideo('avc', {
    width,
    height,
    frameRate,
    quality: quality(width, height, frameRate),
  });
}

/**
 * Writes frames as H.264 in MP4 with the browser's own encoder; frame `i` is shown at `i / frameRate` seconds.
 *
 * @throws the signal's reason when it is aborted, and whatever the browser's encoder reports.
 */
export async function encodeWithWebCodecs(
  frames: FrameSource,
  frameRate: number,
  control: EncodeControl,
): Promise<MediaFile> {
  const file = await writeOutput(control.createOutput, 'video/mp4', (output) =>
    writeMp4(frames, frameRate, control, output),
  );
  return { file, encoder: 'webcodecs' };
}

async function writeMp4(
  frames: FrameSource,
  frameRate: number,
  { signal, onProgress }: EncodeControl,
  file: OutputFile,
): Promise<void> {
  const { width, height } = frameSize(frames);
  const of = frames.sizes.length;
  const target = new StreamTarget(
    new WritableStream({
      write({ data, position }) {
        file.write(data.slice(), position);
      },
    }),
  );
  // Room for the index is left at the beginning, so that the frames need not wait in memory until it is known.
  const output = new Output({ format: new Mp4OutputFormat({ fastStart: 'reserve' }), target });
  const source = new VideoSampleSource({ codec: 'avc', quality: quality(width, height, frameRate) });
  output.addVideoTrack(source, { frameRate, maximumPacketCount: of });
  try {
    await abortable(output.start(), signal);
    for (let i = 0; i < of; i++) {
      const sample = new VideoSample(toI420(await frames.picture(i)), {
        format: 'I420',
        colorSpace,
        codedWidth: width,
        codedHeight: height,
        timestamp: i / frameRate,
        duration: 1 / frameRate,
      });
      try {
        await abortable(source.add(sample), signal);
      } finally {
        sample.close();
      }
      onProgress({ done: i, of });
    }
    await abortable(output.finalize(), signal);
    onProgress({ done: of, of });
  } catch (error) {
    // What went wrong first is what counts.
    await output.cancel().catch(() => undefined);
    throw error;
  }
}

import { MediaError } from '../../src/base/index.ts';
import type { Picture } from '../../src/base/index.ts';
import { BlobOutput, encodePng } from '../../src/formats/index.ts';
import { encodeQuickGif, encodeMp4 } from '../../src/media/index.ts';
import type { EncodeControl, FrameSource } from '../../src/media/index.ts';
import { measure } from './timing.ts';
import type { Timing } from './timing.ts';

/** Number of frames in each exported file. */
const frames = 8;

/** Times the export of a whole GIF, and of an MP4 if there is an encoder, from frames that differ. */
export async function fileStages(picture: Picture, rounds: number): Promise<Record<string, Timing>> {
  const source = sourceOf(picture);
  const control: EncodeControl = {
    signal: new AbortController().signal,
    onProgress: () => undefined,
    createOutput: () => Promise.resolve(new BlobOutput()),
  };
  const stages: Record<string, Timing> = {
    [`GIF of ${frames} frames`]: await measure(rounds, async () => {
      await encodeQuickGif(source, { frameRate: 10, loop: true }, control);
    }),
  };
  // Node has no video encoder, and ffmpeg's would have to be fetched.
  if (!('VideoEncoder' in globalThis)) return stages;
  try {
    stages[`MP4 of ${frames} frames`] = await measure(rounds, async () => {
      await encodeMp4(source, { frameRate: 10 }, control);
    });
  } catch (error) {
    if (!(error instanceof MediaError)) throw error;
  }
  return stages;
}

/** Test animation: the picture, shifted by one more row in each frame. */
function sourceOf({ width, height, data }: Picture): FrameSource {
  const moved = (index: number): Picture => {
    const at = 4 * width * (index % height);
    const turned = new Uint8ClampedArray(data.length);
    turned.set(data.subarray(at));
    turned.set(data.subarray(0, at), data.length - at);
    return { width, height, data: turned };
  };
  return {
    sizes: Array.from({ length: frames }, () => ({ width, height })),
    picture: (index) => Promise.resolve(moved(index)),
    png: (index) => Promise.resolve(encodePng(moved(index))),
  };
}

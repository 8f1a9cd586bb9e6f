import GIF from 'gif.js';
import workerScript from 'gif.js/dist/gif.worker.js?url';
import { MediaError } from '../base/index.ts';
import type { Picture } from '../base/index.ts';
import { frameSize, gifDelays } from './animation.ts';
import type { EncodeControl, MediaFile } from './animation.ts';
import { abortReason } from '../base/index.ts';

export interface GifOptions {
  /** Frames per second. */
  readonly frameRate: number;
  /** Repeat for ever, or play once. */
  readonly loop: boolean;
}

/** gif.js fills its last page with zeros behind the GIF's end mark, 0x3b, which some readers take for damage. */
function withoutPadding(file: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return file.slice(0, file.lastIndexOf(0x3b) + 1);
}

/** So many pixels of a frame are enough to learn its palette from. */
const PALETTE_PIXELS = 50_000;

/**
 * gif.js's `quality`: every how many pixels of a frame its palette is learnt from. Small frames can afford all of
 * theirs, and need them: at 128 × 128, 1 comes 2 dB closer to a busy frame than 5. Large ones get 5, which on
 * photographs and slopes comes closer than the default, 10, in a third of the time that 1 takes.
 */
function paletteSampling(pixels: number): number {
  return Math.min(5, Math.max(1, Math.floor(pixels / PALETTE_PIXELS)));
}

/**
 * Writes frames as an animated GIF, each with a palette of its own: frames differ too much to share one.
 *
 * @throws MediaError `no-frames`, `frames-differ` or `gif-failed`; the signal's reason when it is aborted. However
 *   it ends, no worker is left.
 */
export async function encodeGif(
  frames: readonly Picture[],
  { frameRate, loop }: GifOptions,
  { signal, onProgress }: EncodeControl,
): Promise<MediaFile> {
  signal.throwIfAborted();
  const { width, height } = frameSize(frames);
  const gif = new GIF({
    workerScript,
    workers: Math.min(4, navigator.hardwareConcurrency),
    repeat: loop ? 0 : -1,
    quality: paletteSampling(width * height),
    // gif.js's dithering makes photographs worse, seen near and from afar, and files larger.
    dither: false,
    width,
    height,
  });
  const delays = gifDelays(frames.length, frameRate);
  frames.forEach((frame, i) => {
    gif.addFrame(new ImageData(frame.data, width, height), { delay: 10 * (delays[i] ?? 0) });
  });

  const listening = new AbortController();
  const workers: Worker[] = [];
  try {
    const bytes = await new Promise<Uint8Array<ArrayBuffer>>((resolve, reject) => {
      signal.addEventListener(
        'abort',
        () => {
          reject(abortReason(signal));
        },
        { signal: listening.signal },
      );
      gif.on('progress', (fraction) => {
        onProgress({ done: Math.round(fraction * frames.length), of: frames.length });
      });
      gif.on('finished', (_, data) => {
        resolve(withoutPadding(data));
      });
      gif.render();
      // gif.js itself does not hear of a worker that fails, and would wait for it for ever.
      workers.push(...gif.freeWorkers, ...gif.activeWorkers);
      for (const worker of workers) {
        worker.addEventListener('error', (event) => {
          event.preventDefault();
          reject(
            new MediaError(
              'gif-failed',
              `The GIF could not be written: ${event.message || 'its writer did not start'}.`,
              {
                remedy: 'Try again, or download the animation as MP4.',
                details: { frames: frames.length, width, height },
              },
            ),
          );
        });
      }
    });
    return { bytes, type: 'image/gif', encoder: 'gif.js' };
  } finally {
    listening.abort();
    for (const worker of workers) worker.terminate();
  }
}

import * as v from 'valibot';
import workerScript from 'gif.js/dist/gif.worker.js?url';
import { MediaError, abortReason } from '../base/index.ts';
import type { ErrorDetails } from '../base/index.ts';
import { shortestGifDelay, writeOutput } from '../formats/index.ts';
import type { OutputFile } from '../formats/index.ts';
import { frameSize } from './animation.ts';
import type { EncodeControl, FrameSource, MediaFile } from './animation.ts';
import { wholeDurations } from './durations.ts';

export interface GifOptions {
  /** Frames per second. */
  readonly frameRate: number;
  /** Loops forever if true, plays once if false. */
  readonly loop: boolean;
}

/** Number of pixels that suffice for a frame's palette. */
const PALETTE_PIXELS = 50_000;

/**
 * gif.js's `quality`: sampling interval of pixels for the palette. Small frames use all pixels: at 128 × 128, 1 is 2 dB
 * closer to a busy frame than 5. Large ones use 5, which on photographs and gradients is closer than the default of 10,
 * in a third of the time of 1.
 */
function paletteSampling(pixels: number): number {
  return Math.min(5, Math.max(1, Math.floor(pixels / PALETTE_PIXELS)));
}

/** Response of gif.js's worker: part of the file in pages of equal size, the last filled up to `cursor`. */
const encodedSchema = v.object({
  data: v.pipe(
    v.array(
      v.custom<Uint8Array<ArrayBuffer>>(
        (page) => page instanceof Uint8Array && page.buffer instanceof ArrayBuffer,
      ),
    ),
    v.minLength(1),
  ),
  cursor: v.number(),
});

/**
 * Encodes an animated GIF with a palette per frame, using gif.js's workers. gif.js itself keeps all frames and parts in
 * memory until the end, so its workers are driven from here: each gets a frame when it is idle, and parts are written in
 * order as they arrive.
 *
 * @throws MediaError `no-frames`, `frames-differ` or `gif-failed`; what `source` throws; the signal's reason if aborted.
 *   All workers are terminated in any case.
 */
export async function encodeGif(
  source: FrameSource,
  options: GifOptions,
  control: EncodeControl,
): Promise<MediaFile> {
  control.signal.throwIfAborted();
  frameSize(source);
  const file = await writeOutput(control.createOutput, 'image/gif', (output) =>
    writeGif(source, options, control, output),
  );
  return { file, encoder: 'gif.js' };
}

async function writeGif(
  source: FrameSource,
  { frameRate, loop }: GifOptions,
  { signal, onProgress }: EncodeControl,
  output: OutputFile,
): Promise<void> {
  const { width, height } = frameSize(source);
  const of = source.sizes.length;
  const delays = wholeDurations(new Array<number>(of).fill(1 / frameRate), 0.01, shortestGifDelay);
  /** Parts that arrived before an earlier one: fewer than two per worker. */
  const early = new Map<number, readonly Uint8Array<ArrayBuffer>[]>();
  let next = 0;
  let done = 0;
  const workerCount = Math.min(4, of, navigator.hardwareConcurrency);
  /** Resume functions of writers that are too far ahead of the next part. */
  const heldBack: (() => void)[] = [];

  function accept(index: number, pages: readonly Uint8Array<ArrayBuffer>[]) {
    early.set(index, pages);
    for (let part = early.get(done); part; part = early.get(done)) {
      early.delete(done);
      for (const page of part) output.write(page);
      done++;
    }
    for (const resume of heldBack.splice(0)) resume();
    onProgress({ done, of });
  }

  async function write(worker: GifWorker) {
    while (next < of) {
      const index = next++;
      while (index >= done + 2 * workerCount) {
        await new Promise<void>((resume) => {
          heldBack.push(resume);
        });
      }
      const { data } = await source.picture(index);
      signal.throwIfAborted();
      accept(
        index,
        await worker.encode({
          index,
          last: index === of - 1,
          // In milliseconds, which gif.js rounds to hundredths of a second.
          delay: 10 * (delays[index] ?? 0),
          transparent: null,
          width,
          height,
          quality: paletteSampling(width * height),
          // gif.js's dithering makes photographs look worse, and files larger.
          dither: false,
          globalPalette: false,
          repeat: loop ? 0 : -1,
          canTransfer: true,
          data,
        }),
      );
    }
  }

  const workers = Array.from({ length: workerCount }, () => startWorker({ frames: of, width, height }));
  const stop = () => {
    for (const worker of workers) worker.fail(abortReason(signal));
  };
  signal.addEventListener('abort', stop);
  try {
    await Promise.all(workers.map(write));
  } finally {
    signal.removeEventListener('abort', stop);
    for (const worker of workers) worker.end();
  }
}

interface GifTask {
  readonly index: number;
  readonly data: Uint8ClampedArray<ArrayBuffer>;
  readonly [option: string]: unknown;
}

interface GifWorker {
  encode(task: GifTask): Promise<Uint8Array<ArrayBuffer>[]>;
  /** Makes the current and all later encodings fail. */
  fail(reason: Error): void;
  end(): void;
}

function startWorker(details: ErrorDetails): GifWorker {
  const worker = new Worker(workerScript);
  let waiting: {
    readonly resolve: (pages: Uint8Array<ArrayBuffer>[]) => void;
    readonly reject: (reason: Error) => void;
  } | null = null;
  let failed: Error | null = null;
  const fail = (reason: Error) => {
    failed ??= reason;
    waiting?.reject(failed);
    waiting = null;
  };
  const failWith = (why: string) => {
    fail(
      new MediaError('gif-failed', `The GIF could not be written: ${why}.`, {
        remedy: 'Try again, or download the animation as MP4.',
        details,
      }),
    );
  };
  worker.addEventListener('error', (event) => {
    event.preventDefault();
    failWith(event.message || 'its writer did not start');
  });
  worker.addEventListener('messageerror', () => {
    failWith('its writer answered something that cannot be read');
  });
  worker.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
    const encoded = v.safeParse(encodedSchema, data);
    if (!encoded.success) {
      failWith('its writer answered something else');
      return;
    }
    const { data: pages, cursor } = encoded.output;
    waiting?.resolve(pages.map((page, i) => (i === pages.length - 1 ? page.slice(0, cursor) : page)));
    waiting = null;
  });
  return {
    encode(task) {
      if (failed) return Promise.reject(failed);
      return new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        worker.postMessage(task, [task.data.buffer]);
      });
    },
    fail,
    end() {
      worker.terminate();
      fail(new DOMException('The writer of the GIF was ended.', 'AbortError'));
    },
  };
}

import { FFFSType, FFmpeg } from '@ffmpeg/ffmpeg';
import classWorkerURL from '@ffmpeg/ffmpeg/worker?worker&url';
import coreURL from '@ffmpeg/core?url';
import wasmURL from '@ffmpeg/core/wasm?url';
import { DriftError, MediaError, abortable } from '../base/index.ts';
import type { Picture } from '../base/index.ts';
import type { CreateOutput } from '../formats/index.ts';

/** What ffmpeg is to write. */
export interface FfmpegJob {
  /** The format's name, for errors. */
  readonly format: string;
  readonly width: number;
  readonly height: number;
  /** Frames per second. */
  readonly frameRate: number;
  /** Which picture each frame shows, in ascending order. */
  readonly shown: readonly number[];
  picture(index: number): Promise<Picture>;
  /** One run of the program each: its arguments after the frames, which are its first input. */
  readonly passes: readonly (readonly string[])[];
  /** The names of the files that the last of them writes. */
  readonly outputs: readonly string[];
  /** Takes them, one after another. */
  take(bytes: Uint8Array<ArrayBuffer>, index: number): Promise<void> | void;
}

export interface FfmpegControl {
  readonly signal: AbortSignal;
  /** Begins the file that the frames are read from. */
  readonly createOutput: CreateOutput;
  /** How much of the work is done, from 0 to 1. */
  readonly onShare: (share: number) => void;
}

function failed(what: string, details: Record<string, string | number>, cause?: unknown): MediaError {
  const format = String(details['format']);
  return new MediaError(`${format.toLowerCase()}-failed`, `The ${format} could not be written: ${what}.`, {
    remedy: `Try again, or download the animation as ${format === 'GIF' ? 'MP4' : 'GIF'}.`,
    details,
    cause,
  });
}

/**
 * `FFmpeg` never hears of a worker script that does not load, and would wait for it for ever: so it is loaded once
 * beforehand, where failing can be seen. A server may answer for a missing file with a page.
 */
async function checkWorkerScript(signal: AbortSignal): Promise<void> {
  const response = await fetch(classWorkerURL, { signal });
  const type = response.headers.get('Content-Type') ?? '';
  if (!response.ok || !type.includes('javascript')) {
    throw new Error(`${classWorkerURL} answered ${response.status}, ${type}`);
  }
}

async function load(ffmpeg: FFmpeg, format: string, signal: AbortSignal): Promise<void> {
  try {
    await checkWorkerScript(signal);
    await abortable(ffmpeg.load({ classWorkerURL, coreURL, wasmURL }), signal);
  } catch (cause) {
    signal.throwIfAborted();
    throw new MediaError('encoder-unavailable', `The program that writes ${format} could not be loaded.`, {
      remedy: 'Check your connection and try again, or download the animation as GIF.',
      details: { reason: String(cause) },
      cause,
    });
  }
}

/**
 * Encodes with ffmpeg compiled to WebAssembly: some 32 MB to load and far slower than the browser's own encoders,
 * but it runs everywhere. The frames are read once and lie on disk, as far as the browser puts Blobs there.
 *
 * @throws MediaError `encoder-unavailable` or `mp4-failed` and its like; what `picture` and `take` throw; the signal's reason when
 *   it is aborted. However it ends, its worker is gone.
 */
export async function encodeWithFfmpeg(
  job: FfmpegJob,
  { signal, onShare, createOutput }: FfmpegControl,
): Promise<void> {
  signal.throwIfAborted();
  const { format, width, height, frameRate, shown, passes } = job;
  const count = shown.length;
  const details = { format, width, height, frames: count };
  const pixels = await createOutput();
  const ffmpeg = new FFmpeg();
  let lastLine = '';
  let pass = 0;
  ffmpeg.on('log', ({ message }) => {
    lastLine = message;
  });
  ffmpeg.on('progress', ({ time }) => {
    const share = Math.max(0, Math.min(1, ((time / 1e6) * frameRate) / count));
    onShare((1 + (pass + share) / passes.length) / 2);
  });
  try {
    await load(ffmpeg, format, signal);
    // ffmpeg reads pixels from a file as it needs them: copied into its own file system, all would be in memory. What
    // is shown several times is there once.
    const places: number[] = [];
    for (const [i, picture] of shown.entries()) {
      signal.throwIfAborted();
      const isHeld = picture === shown[i - 1];
      if (!isHeld) pixels.write(new Uint8Array((await job.picture(picture)).data.buffer));
      places.push(pixels.size - 4 * width * height);
      onShare((i + 1) / count / 2);
    }
    const file = await pixels.finish('application/octet-stream');
    const data = new Blob(places.map((place) => file.slice(place, place + 4 * width * height)));
    await abortable(ffmpeg.createDir('/in'), signal);
    await abortable(
      ffmpeg.mount(FFFSType.WORKERFS, { blobs: [{ name: 'frames.rgba', data }] }, '/in'),
      signal,
    );
    const raw = `-f rawvideo -pixel_format rgba -video_size ${width}x${height} -framerate ${frameRate}`;
    for (const options of passes) {
      const code = await abortable(
        ffmpeg.exec([...raw.split(' '), '-i', '/in/frames.rgba', ...options]),
        signal,
      );
      if (code !== 0) throw failed('the encoder gave up', { ...details, code, lastLine });
      pass++;
    }
    for (const [index, output] of job.outputs.entries()) {
      const bytes = await abortable(ffmpeg.readFile(output), signal);
      if (typeof bytes === 'string') throw failed('the encoder wrote nothing', { ...details, lastLine });
      await job.take(new Uint8Array(bytes), index);
    }
    onShare(1);
  } catch (error) {
    signal.throwIfAborted();
    const isOwn = error instanceof DriftError || error instanceof DOMException;
    throw isOwn ? error : failed(String(error), { ...details, lastLine }, error);
  } finally {
    ffmpeg.terminate();
    await pixels.discard();
  }
}

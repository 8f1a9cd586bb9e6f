import { FFFSType, FFmpeg } from '@ffmpeg/ffmpeg';
import classWorkerURL from './ffmpeg-worker.ts?worker&url';
import coreURL from '@ffmpeg/core?url';
import wasmURL from '@ffmpeg/core/wasm?url';
import { DriftError, MediaError, abortable } from '../base/index.ts';
import type { Picture } from '../base/index.ts';
import type { CreateOutput } from '../formats/index.ts';
import type { ByteRange } from './range-reader.ts';

/** An encoding by ffmpeg. */
export interface FfmpegJob {
  /** Format name, for errors. */
  readonly format: string;
  readonly width: number;
  readonly height: number;
  /** Frames per second. */
  readonly frameRate: number;
  /** Index of the picture shown by each frame, ascending. */
  readonly shown: readonly number[];
  picture(index: number): Promise<Picture>;
  /** Arguments after the frames, which are the input. */
  readonly options: readonly string[];
  /** Names of the written files. */
  readonly outputs: readonly string[];
  /** Receives these files in order. */
  take(bytes: Uint8Array<ArrayBuffer>, index: number): Promise<void> | void;
}

export interface FfmpegControl {
  readonly signal: AbortSignal;
  /** Creates the temporary file of raw frames. */
  readonly createOutput: CreateOutput;
  /** Called with the fraction of finished work, 0 … 1. */
  readonly onShare: (share: number) => void;
}

/** Size of the program in bytes, without the server's compression. */
export const ffmpegBytes = 32_344_000;
/** Whether the program was loaded before, so that the browser has it in its cache. */
let isFetched = false;

/** Bytes that the next encoding fetches first: the whole program, or nothing if this browser has it already. */
export async function ffmpegDownload(): Promise<number> {
  // Pages without a secure address have no such cache.
  const isKept = 'caches' in globalThis && (await caches.match(wasmURL).catch(() => undefined)) !== undefined;
  return isFetched || isKept ? 0 : ffmpegBytes;
}

function failed(what: string, details: Record<string, string | number>, cause?: unknown): MediaError {
  const format = String(details['format']);
  return new MediaError(`${format.toLowerCase()}-failed`, `The ${format} could not be written: ${what}.`, {
    remedy: 'Try again, or download the animation as GIF.',
    details,
    cause,
  });
}

/**
 * Fetches the worker script, to detect failure: `FFmpeg` would wait forever for a script that does not load. A server may
 * answer with an HTML page for a missing file.
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
    isFetched = true;
  } catch (cause) {
    signal.throwIfAborted();
    throw new MediaError('encoder-unavailable', `The program that writes ${format} could not be loaded.`, {
      remedy: 'Check your connection and try again, or download the animation as GIF.',
      details: { reason: String(cause) },
      cause,
    });
  }
}

const framesName = 'frames.rgba';

/** Mounts the raw frames: a Blob, and where it is stored, so that the worker need not read Blobs. */
async function mountFrames(
  ffmpeg: FFmpeg,
  data: Blob,
  file: FileSystemFileHandle | null,
  ranges: readonly ByteRange[],
): Promise<void> {
  const blobs = [{ name: framesName, data }];
  const withFile = { blobs, stored: { file, ranges } };
  await ffmpeg.createDir('/in');
  try {
    await ffmpeg.mount(FFFSType.WORKERFS, file ? withFile : { blobs }, '/in');
  } catch (error) {
    // Some browsers cannot send a file handle to a worker.
    if (!(error instanceof DOMException && error.name === 'DataCloneError')) throw error;
    await ffmpeg.mount(FFFSType.WORKERFS, { blobs }, '/in');
  }
}

/**
 * Encodes with ffmpeg compiled to WebAssembly: 32 MB to load and far slower than the browser's encoders, but it runs
 * everywhere. Raw frames are written to a temporary file, on disk if possible.
 *
 * @throws MediaError `encoder-unavailable` or `mp4-failed` (and likewise for other formats); what `picture` and `take`
 *   throw; the signal's reason if aborted. Its worker is terminated in any case.
 */
export async function encodeWithFfmpeg(
  job: FfmpegJob,
  { signal, onShare, createOutput }: FfmpegControl,
): Promise<void> {
  signal.throwIfAborted();
  const { format, width, height, frameRate, shown, options } = job;
  const count = shown.length;
  const details = { format, width, height, frames: count };
  const pixels = await createOutput();
  const ffmpeg = new FFmpeg();
  let lastLine = '';
  ffmpeg.on('log', ({ message }) => {
    lastLine = message;
  });
  ffmpeg.on('progress', ({ time }) => {
    const share = Math.max(0, Math.min(1, ((time / 1e6) * frameRate) / count));
    onShare((1 + share) / 2);
  });
  try {
    await load(ffmpeg, format, signal);
    // ffmpeg reads from the mounted file on demand; its own file system would hold all pixels in memory. Repeated frames
    // are stored once. Adjacent slices are merged, for they are searched on each read.
    const slices: ByteRange[] = [];
    for (const [i, picture] of shown.entries()) {
      signal.throwIfAborted();
      if (picture !== shown[i - 1]) pixels.write(new Uint8Array((await job.picture(picture)).data.buffer));
      const end = pixels.size;
      const begin = end - 4 * width * height;
      const last = slices.at(-1);
      if (last?.end === begin) slices[slices.length - 1] = { begin: last.begin, end };
      else slices.push({ begin, end });
      onShare((i + 1) / count / 2);
    }
    const file = await pixels.finish('application/octet-stream');
    const data = new Blob(slices.map(({ begin, end }) => file.slice(begin, end)));
    await abortable(mountFrames(ffmpeg, data, pixels.stored, slices), signal);
    const raw = `-f rawvideo -pixel_format rgba -video_size ${width}x${height} -framerate ${frameRate}`;
    const code = await abortable(
      ffmpeg.exec([...raw.split(' '), '-i', `/in/${framesName}`, ...options]),
      signal,
    );
    if (code !== 0) throw failed('the encoder gave up', { ...details, code, lastLine });
    for (const [index, output] of job.outputs.entries()) {
      const bytes = await abortable(ffmpeg.readFile(output), signal);
      if (typeof bytes === 'string' || !(bytes.buffer instanceof ArrayBuffer)) {
        throw failed('the encoder wrote nothing', { ...details, lastLine });
      }
      await job.take(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength), index);
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

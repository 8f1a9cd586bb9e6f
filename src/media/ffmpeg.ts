import { FFFSType, FFmpeg } from '@ffmpeg/ffmpeg';
import classWorkerURL from '@ffmpeg/ffmpeg/worker?worker&url';
import coreURL from '@ffmpeg/core?url';
import wasmURL from '@ffmpeg/core/wasm?url';
import { DriftError, MediaError } from '../base/index.ts';
import { frameSize } from './animation.ts';
import type { EncodeControl, FrameSource, MediaFile } from './animation.ts';
import { abortable } from '../base/index.ts';

/** H.264 as the original program writes it, with its colours labelled so that every player shows the same ones. */
const encoding = [
  '-vf scale=out_color_matrix=bt709:out_range=tv',
  // By default it looks 40 frames ahead, and progress stands still for as long.
  '-c:v libx264 -crf 20 -pix_fmt yuv420p -rc-lookahead 10',
  '-color_range tv -colorspace bt709 -color_primaries bt709 -color_trc bt709',
  '-movflags +faststart',
].flatMap((options) => options.split(' '));

function failed(what: string, details: Record<string, string | number>, cause?: unknown): MediaError {
  return new MediaError('mp4-failed', `The MP4 could not be written: ${what}.`, {
    remedy: 'Try again, or download the animation as GIF.',
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

async function load(ffmpeg: FFmpeg, signal: AbortSignal): Promise<void> {
  try {
    await checkWorkerScript(signal);
    await abortable(ffmpeg.load({ classWorkerURL, coreURL, wasmURL }), signal);
  } catch (cause) {
    signal.throwIfAborted();
    throw new MediaError('encoder-unavailable', 'The program that writes MP4 could not be loaded.', {
      remedy: 'Check your connection and try again, or download the animation as GIF.',
      details: { reason: String(cause) },
      cause,
    });
  }
}

/**
 * Writes frames as H.264 in MP4 with ffmpeg compiled to WebAssembly: some 32 MB to load and far slower than the
 * browser's own encoder, but it runs everywhere.
 *
 * @throws MediaError `no-frames`, `frames-differ`, `encoder-unavailable` or `mp4-failed`; the signal's reason when
 *   it is aborted. However it ends, its worker is gone.
 */
export async function encodeWithFfmpeg(
  frames: FrameSource,
  frameRate: number,
  { signal, onProgress, createOutput }: EncodeControl,
): Promise<MediaFile> {
  signal.throwIfAborted();
  const { width, height } = frameSize(frames);
  const of = frames.sizes.length;
  const pixels = await createOutput();
  const ffmpeg = new FFmpeg();
  let lastLine = '';
  ffmpeg.on('log', ({ message }) => {
    lastLine = message;
  });
  ffmpeg.on('progress', ({ time }) => {
    onProgress({ done: Math.max(0, Math.min(of, Math.round((time / 1e6) * frameRate))), of });
  });
  try {
    await load(ffmpeg, signal);
    // ffmpeg reads pixels from a file as it needs them: copied into its own file system, all would be in memory.
    for (let i = 0; i < of; i++) {
      signal.throwIfAborted();
      pixels.write(new Uint8Array((await frames.picture(i)).data.buffer));
    }
    const data = await pixels.finish('application/octet-stream');
    await abortable(ffmpeg.createDir('/in'), signal);
    await abortable(
      ffmpeg.mount(FFFSType.WORKERFS, { blobs: [{ name: 'frames.rgba', data }] }, '/in'),
      signal,
    );
    const input =
      `-f rawvideo -pixel_format rgba -video_size ${width}x${height} -framerate ${frameRate}`.split(' ');
    const code = await abortable(
      ffmpeg.exec([...input, '-i', '/in/frames.rgba', ...encoding, 'out.mp4']),
      signal,
    );
    if (code !== 0) throw failed('the encoder gave up', { code, lastLine, width, height, frames: of });
    const bytes = await abortable(ffmpeg.readFile('out.mp4'), signal);
    if (typeof bytes === 'string') throw failed('the encoder wrote nothing', { lastLine });
    onProgress({ done: of, of });
    return { file: new Blob([new Uint8Array(bytes)], { type: 'video/mp4' }), encoder: 'ffmpeg' };
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof DriftError
      ? error
      : failed(String(error), { lastLine, width, height, frames: of }, error);
  } finally {
    ffmpeg.terminate();
    await pixels.discard();
  }
}

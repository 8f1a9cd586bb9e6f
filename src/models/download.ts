import { ModelError } from '../base/index.ts';
import { parseJson } from './json.ts';
import { StallWatch, timeout } from './stall.ts';
import type { Timer } from './stall.ts';

export interface DownloadOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called as bytes arrive. `of` is 0 while the length is unknown. */
  readonly onProgress?: ((done: number, of: number) => void) | undefined;
  /** Timer that detects stalled connections; the clock by default. */
  readonly timer?: Timer | undefined;
}

/** Maximum size of a file held in memory. */
export const longestDownload = 256 * 2 ** 20;

/**
 * Fetches a whole file into memory. Gives up on stalled connections.
 *
 * @throws ModelError `not-found`, `http-failed`, `network` or `too-large`, with the URL; or the signal's reason
 */
export async function download(url: string, options: DownloadOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
  const watch = new StallWatch(url, options.signal, options.timer ?? timeout);
  try {
    return await fetchWhole(url, watch, options.onProgress);
  } finally {
    watch.end();
  }
}

async function fetchWhole(
  url: string,
  watch: StallWatch,
  onProgress: DownloadOptions['onProgress'],
): Promise<Uint8Array<ArrayBuffer>> {
  const { signal } = watch;
  const failed = (code: string, message: string, remedy: string, status?: number, cause?: unknown) =>
    new ModelError(code, message, {
      remedy,
      details: { url, ...(status === undefined ? {} : { status }) },
      cause,
    });
  const lost = (cause: unknown) => {
    signal.throwIfAborted();
    return failed(
      'network',
      `${url} could not be reached.`,
      'Check the connection and the address, then try again.',
      undefined,
      cause,
    );
  };
  const tooLarge = () =>
    failed(
      'too-large',
      `${url} is larger than ${longestDownload / 2 ** 20} MB.`,
      'Install the model: then it is downloaded in chunks and kept on this device.',
    );

  const response = await fetch(url, { signal }).catch((cause: unknown) => {
    throw lost(cause);
  });
  watch.alive();
  if (!response.ok) {
    await response.body?.cancel();
    throw response.status === 404 || response.status === 410
      ? failed('not-found', `There is nothing at ${url}.`, 'Check the address of the model.', response.status)
      : failed(
          'http-failed',
          `${url} answered with ${response.status}.`,
          'Try again later, or use another address.',
          response.status,
        );
  }
  // With compression, Content-Length is the compressed length, a lower bound.
  const announced = Number(response.headers.get('Content-Length')) || 0;
  if (announced > longestDownload) {
    await response.body?.cancel();
    throw tooLarge();
  }
  const chunks: Uint8Array[] = [];
  let done = 0;
  try {
    for (const reader = response.body?.getReader(); reader;) {
      const { value } = await reader.read();
      if (value === undefined) break;
      watch.alive();
      done += value.length;
      if (done > longestDownload) {
        await reader.cancel();
        throw tooLarge();
      }
      chunks.push(value);
      onProgress?.(done, announced > 0 ? Math.max(announced, done) : 0);
    }
  } catch (cause) {
    throw cause instanceof ModelError ? cause : lost(cause);
  }
  const bytes = new Uint8Array(done);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

/**
 * Fetches and parses JSON, without validating it.
 *
 * @throws what `download` throws, or ModelError `not-json`
 */
export async function downloadJson(url: string, options: DownloadOptions = {}): Promise<unknown> {
  return parseJson(url, await download(url, options));
}

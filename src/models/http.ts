import { ModelError } from '../base/index.ts';
import {
  contentLength,
  contentRange,
  versionsDiffer,
  discardResponse,
  isWebPage,
  versionOf,
} from './http-answer.ts';
import {
  fileChangedError,
  lostConnectionError,
  noRangesError,
  webPageError,
  refusedError,
  tooLargeError,
  rangeIgnoredError,
  wrongRangeError,
} from './http-errors.ts';
import { InOrderFile } from './in-order.ts';
import { parseJson } from './json.ts';
import { Requests, asRemoteFile } from './remote.ts';
import type { ByteStream, HttpOptions, RemoteFile } from './remote.ts';
import { retrying } from './retry.ts';
import { checkRange, memorySource } from './source.ts';
import type { StallWatch, Timer } from './stall.ts';

export { asRemoteFile } from './remote.ts';
export type { ByteStream, HttpOptions, RemoteFile } from './remote.ts';

/**
 * Opens a file on a web server for reading in ranges. Follows redirects. If the server does not support ranges, a file up
 * to `largestWhole` is kept in memory, and a larger one can be read in order (see `RemoteFile.inOrder`). A read whose
 * connection is lost or stalls is resumed.
 *
 * @throws ModelError `not-found` (404, 410), `http-failed` (any other refusal, with `retryAfter` in seconds if sent),
 *   `no-ranges` (a large file without ranges whose length is unknown; while reading: a part out of order), `changed`
 *   (while reading: the file is another version than the one opened), `network` (no answer, or connection lost), each with
 *   `url` and, if there is one, `status`.
 */
export async function httpSource(url: string, options: HttpOptions = {}): Promise<RemoteFile> {
  const { signal, retry } = options;
  const requests = new Requests(url, options);
  return retry ? retrying(retry.opening, signal, () => open(requests, signal)) : open(requests, signal);
}

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
 * Fetches a whole file into memory, by one request, which the browser may answer from its cache.
 *
 * @throws ModelError `not-found`, `http-failed`, `network` or `too-large`, with the URL; or the signal's reason
 */
export async function download(url: string, options: DownloadOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
  const { signal, onProgress, timer } = options;
  const requests = new Requests(url, { timer });
  return requests.watched(signal, async (watch) => {
    const response = await requests.ask({ cache: 'default' }, watch);
    if (!response.ok) {
      await discardResponse(response);
      throw refusedError(url, response);
    }
    return readBody(url, response, longestDownload, tooLargeError, watch, onProgress);
  });
}

/**
 * Fetches and parses JSON, without validating it.
 *
 * @throws what `download` throws, or ModelError `not-json`
 */
export async function downloadJson(url: string, options: DownloadOptions = {}): Promise<unknown> {
  return parseJson(url, await download(url, options));
}

async function open(requests: Requests, signal: AbortSignal | undefined): Promise<RemoteFile> {
  const { url, largestWhole } = requests;
  const inMemory = (bytes: Uint8Array, tag: string | null): RemoteFile =>
    asRemoteFile(memorySource(url, bytes), tag);
  return requests.watched(signal, async (watch) => {
    const probe = await requests.askRange(0, 0, watch);
    const tag = versionOf(probe);
    if (probe.status === 200) {
      const announced = contentLength(probe);
      if (announced === null || announced <= largestWhole) {
        return inMemory(await readBody(url, probe, largestWhole, noRangesError, watch), tag);
      }
      await discardResponse(probe);
      return new InOrderFile(requests, announced, tag);
    }
    await discardResponse(probe);
    const range = contentRange(probe);
    // The only answer to a request for the first byte of an empty file.
    if (probe.status === 416 && range?.total === 0) return inMemory(new Uint8Array(0), tag);
    if (probe.status !== 206) throw refusedError(url, probe);
    // Content-Range is hidden by CORS unless exposed; Content-Length never is.
    const size = range?.total ?? (await sizeByHead(url, await requests.askRange(0, null, watch, 'HEAD')));
    return inRanges(requests, size, tag);
  });
}

/** A file on a server that supports ranges. */
function inRanges(requests: Requests, size: number, tag: string | null): RemoteFile {
  const { url, largestWhole } = requests;

  /** Requests a range of the file and returns the body. */
  async function openPart(first: number, last: number, watch: StallWatch): Promise<Body> {
    const response = await requests.askRange(first, last, watch);
    // A server may ignore the range and send the whole file.
    if (response.status === 200) {
      if (isWebPage(response)) {
        await discardResponse(response);
        throw webPageError(url);
      }
      const whole = await readBody(url, response, largestWhole, rangeIgnoredError, watch);
      if (whole.length !== size) throw fileChangedError(url, { size, found: whole.length });
      return bodyOf([whole.subarray(first, last + 1)]);
    }
    const found = contentRange(response);
    // If the length is unchanged, the range must exist, and 416 is a server error.
    const gone = response.status === 416 && found?.total !== size;
    const moved = gone || (found?.total ?? size) !== size || versionsDiffer(tag, versionOf(response));
    if (moved || response.status !== 206) {
      await discardResponse(response);
      throw moved
        ? fileChangedError(url, { size, found: found?.total ?? null })
        : refusedError(url, response);
    }
    if (found !== null && (found.first !== first || found.last !== last)) {
      await discardResponse(response);
      throw wrongRangeError(url, response.status);
    }
    return response.body?.getReader() ?? bodyOf([]);
  }

  function stream(begin: number, end: number, stop: AbortSignal | undefined): ByteStream {
    checkRange(url, size, begin, end - begin);
    let at = begin;
    let body: Body | null = null;
    let watch: StallWatch | null = null;
    /** Received but not requested yet. */
    let ahead: Uint8Array = new Uint8Array(0);

    async function close(): Promise<void> {
      const open = body;
      watch?.end();
      body = watch = null;
      ahead = new Uint8Array(0);
      await open?.cancel().catch(() => undefined);
    }
    /** Fills a buffer, calling `advance` with the number of bytes of each step. */
    async function fill(out: Uint8Array, advance: (count: number) => void): Promise<void> {
      const waiting = (watch ??= requests.watch(stop));
      waiting.alive();
      try {
        body ??= await openPart(at, end - 1, waiting);
        for (let length = 0; length < out.length;) {
          if (ahead.length === 0) {
            ahead = (await body.read()).value ?? ahead;
            waiting.alive();
            if (ahead.length === 0) throw new Error(`${end - at} bytes of ${end - begin} did not arrive`);
            if (ahead.length > end - at) throw wrongRangeError(url, 206);
          }
          const some = ahead.subarray(0, out.length - length);
          out.set(some, length);
          ahead = ahead.subarray(some.length);
          length += some.length;
          at += some.length;
          advance(some.length);
        }
        // Not waiting for the network until the next call.
        waiting.pause();
      } catch (error) {
        await close();
        throw error instanceof ModelError ? error : lostConnectionError(url, error, waiting.signal);
      }
    }

    return {
      async next(length, onBytes) {
        stop?.throwIfAborted();
        if (length > end - at) throw new RangeError(`${length} bytes from ${at} are beyond ${end}`);
        const out = new Uint8Array(length);
        let done = 0;
        const rest = () =>
          fill(out.subarray(done), (count) => {
            done += count;
            onBytes?.(count);
          });
        if (length === 0) return out;
        const { retry } = requests;
        await (retry ? retrying(retry.reading, stop, rest, () => done) : rest());
        return out;
      },
      async skip(length) {
        if (length > 0) await close();
        at += length;
      },
      close,
    };
  }

  return {
    name: url,
    size,
    tag,
    inOrder: false,
    async read(offset, length, stop, onBytes) {
      stop?.throwIfAborted();
      const part = stream(offset, offset + length, stop);
      try {
        return await part.next(length, onBytes);
      } finally {
        await part.close();
      }
    },
    stream,
  };
}

/** Response body, in network chunks of any length. */
interface Body {
  read(): Promise<{ readonly value?: Uint8Array | undefined }>;
  cancel(): Promise<void>;
}

function bodyOf(chunks: readonly Uint8Array[]): Body {
  const rest = chunks.values();
  return {
    read: () => Promise.resolve({ value: rest.next().value }),
    cancel: () => Promise.resolve(),
  };
}

async function sizeByHead(url: string, head: Response): Promise<number> {
  await discardResponse(head);
  if (!head.ok) throw refusedError(url, head);
  const size = contentLength(head);
  if (size !== null) return size;
  throw new ModelError('http-failed', `The server does not report the length of ${url}.`, {
    remedy: 'The server has to send Content-Range or Content-Length, and expose it to other sites (CORS).',
    details: { url, status: head.status },
  });
}

/**
 * Reads the body of a response up to `limit` bytes, and cancels a longer one.
 *
 * @param tooLong Creates the error for a longer body.
 * @throws that error, or ModelError `network` if the connection is lost
 */
async function readBody(
  url: string,
  response: Response,
  limit: number,
  tooLong: (url: string, status: number, limit: number) => ModelError,
  watch: StallWatch,
  onProgress?: DownloadOptions['onProgress'],
): Promise<Uint8Array<ArrayBuffer>> {
  const announced = contentLength(response);
  if (announced !== null && announced > limit) {
    await discardResponse(response);
    throw tooLong(url, response.status, limit);
  }
  const reader = response.body?.getReader();
  let body = new Uint8Array(announced ?? Math.min(limit, 2 ** 16));
  let length = 0;
  try {
    for (;;) {
      const value = (await reader?.read())?.value;
      if (value === undefined) break;
      watch.alive();
      if (length + value.length > limit) throw tooLong(url, response.status, limit);
      if (length + value.length > body.length) {
        const larger = new Uint8Array(Math.min(limit, Math.max(2 * body.length, length + value.length)));
        larger.set(body.subarray(0, length));
        body = larger;
      }
      body.set(value, length);
      length += value.length;
      // With compression, the announced length is the compressed one, a lower bound.
      onProgress?.(length, announced ? Math.max(announced, length) : 0);
    }
  } catch (error) {
    await reader?.cancel().catch(() => undefined);
    if (error instanceof ModelError) throw error;
    throw lostConnectionError(url, error, watch.signal);
  }
  return body.subarray(0, length);
}

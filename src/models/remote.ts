import { lostConnectionError } from './http-errors.ts';
import type { RetryPolicy } from './retry.ts';
import { checkRange } from './source.ts';
import { StallWatch, timeout } from './stall.ts';
import type { Timer } from './stall.ts';
import type { ByteSource } from './types.ts';

/** Sequential reader of a byte range of a file. */
export interface ByteStream {
  /**
   * Reads the next `length` bytes.
   *
   * @param onBytes Called with the number of bytes as they arrive.
   * @throws RangeError beyond the end of the range; or what reading the file throws, after which it can be retried
   */
  next(length: number, onBytes?: (count: number) => void): Promise<Uint8Array<ArrayBuffer>>;
  /** Skips the next `length` bytes. */
  skip(length: number): Promise<void>;
  /** Releases the connection. */
  close(): Promise<void>;
}

/** A file on a web server. */
export interface RemoteFile extends ByteSource {
  /** Version: a strong ETag, else the modification date; null if the server reports neither. */
  readonly tag: string | null;
  /**
   * True for a large file on a server without ranges: only its beginning can be read randomly; all of it can be streamed,
   * and skipping takes as long as reading.
   */
  readonly inOrder: boolean;
  /**
   * Reads a range sequentially by one request, as long as its connection holds. Requests are expensive: each follows
   * redirects and makes the browser allocate memory.
   */
  stream(begin: number, end: number, signal?: AbortSignal): ByteStream;
  /** @param onBytes Called with the number of bytes as they arrive. */
  read(
    offset: number,
    length: number,
    signal?: AbortSignal,
    onBytes?: (count: number) => void,
  ): Promise<Uint8Array<ArrayBuffer>>;
}

/** Default maximum size of a file kept in memory if its server does not support ranges. */
const usualLargestWhole = 64 * 2 ** 20;

export interface HttpOptions {
  /** Default: the global `fetch`. */
  readonly fetch?: typeof fetch;
  /** Cancels opening; reads have their own signals. */
  readonly signal?: AbortSignal | undefined;
  /** Retry policies; no retries by default. */
  readonly retry?: { readonly opening: RetryPolicy; readonly reading: RetryPolicy } | undefined;
  /** Maximum bytes of a file kept in memory if its server does not support ranges; default 64 MB. */
  readonly largestWhole?: number | undefined;
  /** Timer that detects stalled requests; the clock by default. */
  readonly timer?: Timer | undefined;
}

/** Makes the HTTP requests for one file. */
export class Requests {
  readonly url: string;
  readonly retry: HttpOptions['retry'];
  readonly largestWhole: number;
  readonly #fetch: typeof fetch;
  readonly #timer: Timer;

  constructor(url: string, options: HttpOptions) {
    this.url = url;
    this.retry = options.retry;
    this.largestWhole = options.largestWhole ?? usualLargestWhole;
    this.#fetch = options.fetch ?? fetch;
    this.#timer = options.timer ?? timeout;
  }

  /**
   * Fetches the original URL every time: the target of its redirect may expire within minutes.
   *
   * @throws ModelError `network`
   */
  async ask(init: RequestInit, watch: StallWatch): Promise<Response> {
    // A local variable, because the browser's fetch throws if it is called as a method of another object.
    const fetcher = this.#fetch;
    try {
      const response = await fetcher(this.url, {
        redirect: 'follow',
        cache: 'no-store',
        ...init,
        signal: watch.signal,
      });
      watch.alive();
      return response;
    } catch (cause) {
      throw lostConnectionError(this.url, cause, watch.signal);
    }
  }

  /**
   * Requests a byte range, to the end of the file if `last` is null. The Range header also prevents compression, even by
   * servers that ignore it otherwise.
   */
  askRange(first: number, last: number | null, watch: StallWatch, method?: 'HEAD'): Promise<Response> {
    const headers = { Range: `bytes=${first}-${last ?? ''}` };
    return this.ask({ headers, ...(method && { method }) }, watch);
  }

  /** Starts a stall watch for a request. */
  watch(signal: AbortSignal | undefined): StallWatch {
    return new StallWatch(this.url, signal, this.#timer);
  }

  /** Runs `work` under a stall watch. */
  async watched<T>(signal: AbortSignal | undefined, work: (watch: StallWatch) => Promise<T>): Promise<T> {
    const watch = this.watch(signal);
    try {
      return await work(watch);
    } finally {
      watch.end();
    }
  }
}

/** Adapts a local source to the interface of remote files. */
export function asRemoteFile(source: ByteSource, tag: string | null): RemoteFile {
  const read = async (
    offset: number,
    length: number,
    signal?: AbortSignal,
    onBytes?: (count: number) => void,
  ) => {
    const bytes = await source.read(offset, length, signal);
    onBytes?.(length);
    return bytes;
  };
  return {
    name: source.name,
    size: source.size,
    tag,
    inOrder: false,
    read,
    stream(begin, end, signal) {
      checkRange(source.name, source.size, begin, end - begin);
      return streamOf(begin, end, (at, length, onBytes) => read(at, length, signal, onBytes));
    },
  };
}

/** Implements a stream by consecutive reads. */
export function streamOf(
  begin: number,
  end: number,
  read: (at: number, length: number, onBytes?: (count: number) => void) => Promise<Uint8Array<ArrayBuffer>>,
  close: () => Promise<void> = () => Promise.resolve(),
): ByteStream {
  let at = begin;
  return {
    async next(length, onBytes) {
      if (length > end - at) throw new RangeError(`${length} bytes from ${at} are beyond ${end}`);
      const bytes = await read(at, length, onBytes);
      at += length;
      return bytes;
    },
    skip(length) {
      at += length;
      return Promise.resolve();
    },
    close,
  };
}

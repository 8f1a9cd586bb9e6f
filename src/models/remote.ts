import { lostConnection } from './http-errors.ts';
import type { RetryPolicy } from './retry.ts';
import { checkRange } from './source.ts';
import { StallWatch, timeout } from './stall.ts';
import type { Timer } from './stall.ts';
import type { ByteSource } from './types.ts';

/** The bytes of a part of a file, from its beginning on. */
export interface ByteStream {
  /**
   * The next `length` bytes.
   *
   * @param onBytes - told how many bytes have come, as they come
   * @throws RangeError beyond the end of the part; or what reading the file throws, after which it can be tried again
   */
  next(length: number, onBytes?: (count: number) => void): Promise<Uint8Array<ArrayBuffer>>;
  /** Leaves out the next `length` bytes. */
  skip(length: number): Promise<void>;
  /** Lets go of the connection. */
  close(): Promise<void>;
}

/** A file on a web server. */
export interface RemoteFile extends ByteSource {
  /** Its version: a strong ETag, or where that is hidden when it was last changed; null where the server tells neither. */
  readonly tag: string | null;
  /**
   * Whether it is a large file that its server sends only whole: nothing but its beginning can be read by itself, and
   * all of it in one stream. Leaving bytes out of that then takes as long as reading them.
   */
  readonly inOrder: boolean;
  /**
   * Reads a part in order with one request for all of it, as long as its connection holds: requests are what
   * takes time, for redirects that each of them follows and for memory that browsers set up for each.
   */
  stream(begin: number, end: number, signal?: AbortSignal): ByteStream;
  /** @param onBytes - told how many bytes have come, as they come */
  read(
    offset: number,
    length: number,
    signal?: AbortSignal,
    onBytes?: (count: number) => void,
  ): Promise<Uint8Array<ArrayBuffer>>;
}

/** The largest file that is kept in memory whole when its server cannot send parts. */
const usualLargestWhole = 64 * 2 ** 20;

export interface HttpOptions {
  /** Instead of the global `fetch`. */
  readonly fetch?: typeof fetch;
  /** Stops the opening. Every read has its own signal. */
  readonly signal?: AbortSignal | undefined;
  /** How requests that failed are made again; they are not where it is left out. */
  readonly retry?: { readonly opening: RetryPolicy; readonly reading: RetryPolicy } | undefined;
  /** The largest file, in bytes, that is kept in memory when its server sends no parts; 64 MB where it is left out. */
  readonly largestWhole?: number | undefined;
  /** By which requests are found to get nothing any more; the clock's where it is left out. */
  readonly timer?: Timer | undefined;
}

/** Makes the requests for one file. */
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
   * Always asks the address itself: what it redirects to may be good for some minutes only.
   *
   * @throws ModelError `network`
   */
  async ask(init: RequestInit, watch: StallWatch): Promise<Response> {
    // Taken out of the object: the browser's fetch refuses to be called as a method of anything else.
    const fetcher = this.#fetch;
    try {
      const response = await fetcher(this.url, {
        ...init,
        redirect: 'follow',
        cache: 'no-store',
        signal: watch.signal,
      });
      watch.alive();
      return response;
    } catch (cause) {
      throw lostConnection(this.url, cause, watch.signal);
    }
  }

  /**
   * Asks for a part of the file, up to its end where `last` is null. A request for a part keeps servers from sending
   * the file compressed, also those that then send all of it.
   */
  askRange(first: number, last: number | null, watch: StallWatch, method?: 'HEAD'): Promise<Response> {
    const headers = { Range: `bytes=${first}-${last ?? ''}` };
    return this.ask({ headers, ...(method && { method }) }, watch);
  }

  /** Watches over a request and its answer, and ends it where nothing comes any more. */
  watch(signal: AbortSignal | undefined): StallWatch {
    return new StallWatch(this.url, signal, this.#timer);
  }

  /** Does something with a request under such a watch. */
  async watched<T>(signal: AbortSignal | undefined, work: (watch: StallWatch) => Promise<T>): Promise<T> {
    const watch = this.watch(signal);
    try {
      return await work(watch);
    } finally {
      watch.end();
    }
  }
}

/** A file that is at hand as one that would have to be fetched. */
export function remoteOf(source: ByteSource, tag: string | null): RemoteFile {
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

/** A stream of what is read by one reading after the other. */
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

import { lostConnection } from './http-errors.ts';
import type { RetryPolicy } from './retry.ts';
import { StallWatch, timeout } from './stall.ts';
import type { Timer } from './stall.ts';
import type { ByteSource } from './types.ts';

/** A file on a web server. */
export interface RemoteFile extends ByteSource {
  /** Its version: a strong ETag, or where that is hidden when it was last changed; null where the server tells neither. */
  readonly tag: string | null;
  /** @param onBytes - told how many bytes have come, as they come */
  read(
    offset: number,
    length: number,
    signal?: AbortSignal,
    onBytes?: (count: number) => void,
  ): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * Only for a large file that its server sends no parts of. Without a pass, no more than its beginning can be read;
   * in one, all of it, by reads that follow one another and go forward. There is one pass at a time.
   */
  readonly pass?: ((signal: AbortSignal) => Pass) | undefined;
}

/** One way through a file from its beginning to its end. */
export interface Pass {
  /** Lets go of its connection. Whoever began it closes it. */
  close(): Promise<void>;
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

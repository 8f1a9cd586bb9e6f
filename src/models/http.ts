import { ModelError } from '../base/index.ts';
import { retrying } from './retry.ts';
import type { RetryPolicy } from './retry.ts';
import { checkRange, memorySource } from './source.ts';
import type { ByteSource } from './types.ts';

/** The largest file that is kept in memory whole when its server cannot send parts. */
export const wholeFileLimit = 64 * 2 ** 20;

/** The bytes of a part of a file, from its beginning on. */
export interface ByteStream {
  /**
   * The next `length` bytes.
   *
   * @param onBytes - told how many bytes have come, as they come
   * @throws RangeError beyond the end of the part; or what reading the file throws, after which it can be tried again
   */
  next(length: number, onBytes?: (count: number) => void): Promise<Uint8Array<ArrayBuffer>>;
  /** Lets go of the connection. */
  close(): Promise<void>;
}

/** A file on a web server. */
export interface RemoteFile extends ByteSource {
  /** Its version: a strong ETag, or where that is hidden when it was last changed; null where the server tells neither. */
  readonly tag: string | null;
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

export interface HttpOptions {
  /** Instead of the global `fetch`. */
  readonly fetch?: typeof fetch;
  /** Stops the opening. Every read has its own signal. */
  readonly signal?: AbortSignal | undefined;
  /** How requests that failed are made again; they are not where it is left out. */
  readonly retry?: { readonly opening: RetryPolicy; readonly reading: RetryPolicy } | undefined;
}

/**
 * A file on a web server, read in ranges. Redirects are followed. A server that cannot send ranges is
 * accepted for files up to `wholeFileLimit`, which are then kept in memory. A read whose connection is lost goes on
 * where it broke off.
 *
 * @throws ModelError `not-found` (404, 410), `http-failed` (any other refusal, with `retryAfter` in seconds where the
 *   server says it), `no-ranges` (a large file from a server that cannot send parts), `changed` (while reading: the
 *   file is no longer the one that was opened), `network` (no answer, or the connection was lost), each with `url` and,
 *   where there is one, `status`.
 */
export async function httpSource(url: string, options: HttpOptions = {}): Promise<RemoteFile> {
  const { signal, retry } = options;
  return retry ? retrying(retry.opening, signal, () => open(url, options)) : open(url, options);
}

async function open(url: string, { fetch: given, signal, retry }: HttpOptions): Promise<RemoteFile> {
  // Taken out of the options: the browser's fetch refuses to be called as a method of anything else.
  const fetcher = given ?? fetch;
  const ask = async (init: RequestInit, stop: AbortSignal | undefined): Promise<Response> => {
    try {
      return await fetcher(url, { ...init, redirect: 'follow', cache: 'no-store', signal: stop ?? null });
    } catch (cause) {
      throw lostConnection(url, cause, stop);
    }
  };
  const askRange = (first: number, last: number, stop: AbortSignal | undefined) =>
    ask({ headers: { Range: `bytes=${first}-${last}` } }, stop);
  const inMemory = (bytes: Uint8Array, tag: string | null): RemoteFile =>
    remoteOf(memorySource(url, bytes), tag);

  const probe = await askRange(0, 0, signal);
  const tag = versionOf(probe);
  if (probe.status === 200) {
    return inMemory(await readBody(url, probe, wholeFileLimit, tooLarge, signal), tag);
  }
  await discard(probe);
  const range = contentRange(probe);
  // To a request for its first byte, an empty file has only this to say.
  if (probe.status === 416 && range?.total === 0) return inMemory(new Uint8Array(0), tag);
  if (probe.status !== 206) throw refused(url, probe);
  // Servers of other sites may hide Content-Range from the page; Content-Length they cannot hide.
  const size = range?.total ?? (await sizeByHead(url, await ask({ method: 'HEAD' }, signal)));

  /** Asks for a part of the file, and gives its body. */
  async function openPart(first: number, last: number, stop: AbortSignal | undefined): Promise<Body> {
    const response = await askRange(first, last, stop);
    // A server may answer with the whole file to any range.
    if (response.status === 200) {
      const whole = await readBody(url, response, wholeFileLimit, tooLarge, stop);
      if (whole.length !== size) throw changed(url, { size, found: whole.length });
      return bodyOf([whole.subarray(first, last + 1)]);
    }
    const found = contentRange(response);
    const moved =
      response.status === 416 || (found?.total ?? size) !== size || differ(tag, versionOf(response));
    if (moved || response.status !== 206) {
      await discard(response);
      throw moved ? changed(url, { size, found: found?.total ?? null }) : refused(url, response);
    }
    if (found !== null && (found.first !== first || found.last !== last)) {
      await discard(response);
      throw wrongPart(url, response.status);
    }
    return response.body?.getReader() ?? bodyOf([]);
  }

  function stream(begin: number, end: number, stop: AbortSignal | undefined): ByteStream {
    checkRange(url, size, begin, end - begin);
    let at = begin;
    let body: Body | null = null;
    /** What has come and was not asked for yet. */
    let ahead: Uint8Array = new Uint8Array(0);

    async function close(): Promise<void> {
      const open = body;
      body = null;
      ahead = new Uint8Array(0);
      await open?.cancel().catch(() => undefined);
    }
    /** Fills a buffer; `advance` is told how far it has come. */
    async function fill(out: Uint8Array, advance: (count: number) => void): Promise<void> {
      try {
        body ??= await openPart(at, end - 1, stop);
        for (let length = 0; length < out.length;) {
          if (ahead.length === 0) {
            ahead = (await body.read()).value ?? ahead;
            if (ahead.length === 0) throw new Error(`${end - at} bytes of ${end - begin} did not arrive`);
            if (ahead.length > end - at) throw wrongPart(url, 206);
          }
          const some = ahead.subarray(0, out.length - length);
          out.set(some, length);
          ahead = ahead.subarray(some.length);
          length += some.length;
          at += some.length;
          advance(some.length);
        }
      } catch (error) {
        await close();
        throw error instanceof ModelError ? error : lostConnection(url, error, stop);
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
        await (retry ? retrying(retry.reading, stop, rest, () => done) : rest());
        return out;
      },
      close,
    };
  }

  return {
    name: url,
    size,
    tag,
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

/** A body as it comes, in chunks of any length. */
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

/** A file that is at hand as one that would have to be fetched. */
export function remoteOf(source: ByteSource, tag: string | null): RemoteFile {
  return {
    name: source.name,
    size: source.size,
    tag,
    async read(offset, length, signal, onBytes) {
      const bytes = await source.read(offset, length, signal);
      onBytes?.(length);
      return bytes;
    },
    stream(begin, end, signal) {
      checkRange(source.name, source.size, begin, end - begin);
      let at = begin;
      return {
        async next(length, onBytes) {
          if (length > end - at) throw new RangeError(`${length} bytes from ${at} are beyond ${end}`);
          const bytes = await source.read(at, length, signal);
          at += length;
          onBytes?.(length);
          return bytes;
        },
        close: () => Promise.resolve(),
      };
    },
  };
}

/** `Content-Range: bytes first-last/total`, as far as the server gives it and lets the page see it. */
function contentRange(
  response: Response,
): { first: number | null; last: number | null; total: number | null } | null {
  const header = response.headers.get('Content-Range') ?? '';
  const match = /^bytes (?:(\d{1,15})-(\d{1,15})|\*)\/(\d{1,15}|\*)$/i.exec(header.trim());
  if (match === null) return null;
  const number = (text: string | undefined) => (text === undefined || text === '*' ? null : Number(text));
  return { first: number(match[1]), last: number(match[2]), total: number(match[3]) };
}

/** Which version of a file an answer is from: see `RemoteFile.tag`. */
function versionOf(response: Response): string | null {
  const tag = response.headers.get('ETag');
  if (tag?.startsWith('"') === true) return tag;
  // Servers of other sites may hide the ETag from the page; this they cannot hide.
  return response.headers.get('Last-Modified');
}

/** Whether two answers are from different versions of a file, as far as both tell it in the same way. */
function differ(before: string | null, after: string | null): boolean {
  if (before === null || after === null || before.startsWith('"') !== after.startsWith('"')) return false;
  return before !== after;
}

function contentLength(response: Response): number | null {
  const header = response.headers.get('Content-Length') ?? '';
  return /^\d{1,15}$/.test(header) ? Number(header) : null;
}

async function sizeByHead(url: string, head: Response): Promise<number> {
  await discard(head);
  if (!head.ok) throw refused(url, head);
  const size = contentLength(head);
  if (size !== null) return size;
  throw new ModelError('http-failed', `${url} does not say how long it is.`, {
    remedy: 'The server has to send Content-Range or Content-Length, and show it to other sites (CORS).',
    details: { url, status: head.status },
  });
}

/**
 * The body of an answer, when it is not longer than `limit`. What is too long is not read to its end.
 *
 * @param tooLong makes the error for a longer one
 * @throws ModelError that error, or `network` when the connection is lost.
 */
async function readBody(
  url: string,
  response: Response,
  limit: number,
  tooLong: (url: string, status: number) => ModelError,
  signal: AbortSignal | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  const announced = contentLength(response);
  if (announced !== null && announced > limit) {
    await discard(response);
    throw tooLong(url, response.status);
  }
  const reader = response.body?.getReader();
  let body = new Uint8Array(announced ?? Math.min(limit, 2 ** 16));
  let length = 0;
  try {
    for (;;) {
      const value = (await reader?.read())?.value;
      if (value === undefined) break;
      if (length + value.length > limit) throw tooLong(url, response.status);
      if (length + value.length > body.length) {
        const larger = new Uint8Array(Math.min(limit, Math.max(2 * body.length, length + value.length)));
        larger.set(body.subarray(0, length));
        body = larger;
      }
      body.set(value, length);
      length += value.length;
    }
  } catch (error) {
    await reader?.cancel().catch(() => undefined);
    if (error instanceof ModelError) throw error;
    throw lostConnection(url, error, signal);
  }
  return body.subarray(0, length);
}

/** Lets go of an answer whose body is not wanted, which frees its connection. */
async function discard(response: Response): Promise<void> {
  await response.body?.cancel().catch(() => undefined);
}

function tooLarge(url: string, status: number): ModelError {
  return new ModelError('no-ranges', `${url} cannot be read in parts, and it is too large to take whole.`, {
    remedy: 'Keep the model on a server that answers range requests.',
    details: { url, status, limit: wholeFileLimit },
  });
}

function wrongPart(url: string, status: number): ModelError {
  return new ModelError('http-failed', `${url} answered with another part than the one asked for.`, {
    remedy: 'Try again. If it happens again, the server is at fault.',
    details: { url, status },
  });
}

function changed(url: string, sizes: { size: number; found: number | null }): ModelError {
  return new ModelError('changed', `${url} was replaced on its server while it was being read.`, {
    remedy: 'Load the model again.',
    details: { url, ...sizes },
  });
}

function refused(url: string, { status, headers }: Response): ModelError {
  const retryAfter = secondsToWait(headers);
  const details = { url, status, ...(retryAfter === null ? {} : { retryAfter }) };
  if (status === 404 || status === 410) {
    return new ModelError('not-found', `There is no file at ${url}.`, {
      remedy: 'Check the address and the name of the model.',
      details,
    });
  }
  const remedy =
    status === 401 || status === 403
      ? 'The server does not let everyone read this file. Check the address, or use a model that is public.'
      : status === 429
        ? 'The server is asked too often from here. Try again later.'
        : 'The server has a problem. Try again later.';
  return new ModelError('http-failed', `${url} could not be read: the server answered ${status}.`, {
    remedy,
    details,
  });
}

/** `Retry-After` in seconds: a number, or a date by the server's clock. Null where it says nothing. */
function secondsToWait(headers: Headers): number | null {
  const after = headers.get('Retry-After')?.trim() ?? '';
  if (/^\d{1,9}$/.test(after)) return Number(after);
  const now = Date.parse(headers.get('Date') ?? '');
  const seconds = Math.ceil((Date.parse(after) - (Number.isNaN(now) ? Date.now() : now)) / 1000);
  return Number.isNaN(seconds) ? null : Math.max(0, seconds);
}

/** What a failed request is thrown as. Stopping is no failure: then the signal's own reason is thrown here. */
function lostConnection(url: string, cause: unknown, signal: AbortSignal | undefined): ModelError {
  signal?.throwIfAborted();
  return new ModelError('network', `${url} could not be reached, or the connection was lost.`, {
    remedy:
      'Check the connection and try again. If only this address fails, its server may not allow other sites to read its files (CORS).',
    details: { url },
    cause,
  });
}

import { ModelError } from '../base/index.ts';
import { retrying } from './retry.ts';
import type { RetryPolicy } from './retry.ts';
import { checkRange, memorySource } from './source.ts';
import type { ByteSource } from './types.ts';

/** The largest file that is kept in memory whole when its server cannot send parts. */
export const wholeFileLimit = 64 * 2 ** 20;

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
  const inMemory = (bytes: Uint8Array, tag: string | null): RemoteFile => ({
    ...memorySource(url, bytes),
    tag,
  });

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

  /** Fills a buffer from a place in the file on; `advance` is told how far it has come. */
  async function fill(
    out: Uint8Array<ArrayBuffer>,
    offset: number,
    stop: AbortSignal | undefined,
    advance: (count: number) => void,
  ): Promise<void> {
    const last = offset + out.length - 1;
    const response = await askRange(offset, last, stop);
    // A server may answer with the whole file to any range.
    if (response.status === 200) {
      const body = await readBody(url, response, wholeFileLimit, tooLarge, stop);
      if (body.length !== size) throw changed(url, { size, found: body.length });
      out.set(body.subarray(offset, offset + out.length));
      advance(out.length);
      return;
    }
    const found = contentRange(response);
    const moved =
      response.status === 416 || (found?.total ?? size) !== size || differ(tag, versionOf(response));
    if (moved || response.status !== 206) {
      await discard(response);
      throw moved ? changed(url, { size, found: found?.total ?? null }) : refused(url, response);
    }
    if (found !== null && (found.first !== offset || found.last !== last)) {
      await discard(response);
      throw wrongPart(url, response.status);
    }
    await readInto(url, response, out, stop, advance);
  }

  return {
    name: url,
    size,
    tag,
    async read(offset, length, stop, onBytes) {
      stop?.throwIfAborted();
      checkRange(url, size, offset, length);
      const out = new Uint8Array(length);
      let done = 0;
      const rest = () =>
        fill(out.subarray(done), offset + done, stop, (count) => {
          done += count;
          onBytes?.(count);
        });
      if (length === 0) return out;
      await (retry ? retrying(retry.reading, stop, rest, () => done) : rest());
      return out;
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

/** Reads the body of an answer into a buffer that it has to fill exactly, and tells how many bytes came as they come. */
async function readInto(
  url: string,
  response: Response,
  out: Uint8Array,
  signal: AbortSignal | undefined,
  advance: (count: number) => void,
): Promise<void> {
  const reader = response.body?.getReader();
  let length = 0;
  try {
    for (;;) {
      const value = (await reader?.read())?.value;
      if (value === undefined) break;
      if (length + value.length > out.length) throw wrongPart(url, response.status);
      out.set(value, length);
      length += value.length;
      advance(value.length);
    }
  } catch (error) {
    await reader?.cancel().catch(() => undefined);
    if (error instanceof ModelError) throw error;
    // Lost after its last byte.
    if (length < out.length || signal?.aborted === true) throw lostConnection(url, error, signal);
  }
  if (length === out.length) return;
  throw lostConnection(url, new Error(`${length} bytes of ${out.length} arrived`), signal);
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

import { CheckpointError, InputError, ModelError } from '../base/index.ts';
import type { ByteSource } from './types.ts';

/** Only workers have it, and this file is also compiled for what has none. */
declare const FileReaderSync: (new () => { readAsArrayBuffer(blob: Blob): ArrayBuffer }) | undefined;

/** The largest file that is kept in memory whole when its server cannot send parts. */
export const wholeFileLimit = 64 * 2 ** 20;

/**
 * Checks that a range lies inside a source. Every `ByteSource` calls this before it reads.
 *
 * @throws CheckpointError `truncated` with how many bytes are missing.
 * @throws RangeError when the range is not one: a mistake of the caller, not of the file.
 */
export function checkRange(name: string, size: number, offset: number, length: number): void {
  if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 0) {
    throw new RangeError(`not a range of bytes: ${length} from ${offset}`);
  }
  const missing = offset + length - size;
  if (missing <= 0) return;
  throw new CheckpointError('truncated', `${name} ends too early: ${missing} bytes are missing.`, {
    remedy: 'The file was cut short. Download or copy it again.',
    details: { file: name, offset, length, size, missing },
  });
}

/** Bytes in memory. What is read is a copy. */
export function memorySource(name: string, bytes: Uint8Array): ByteSource {
  const readSync = (offset: number, length: number) => {
    checkRange(name, bytes.length, offset, length);
    const copy = new Uint8Array(length);
    copy.set(bytes.subarray(offset, offset + length));
    return copy;
  };
  return {
    name,
    size: bytes.length,
    read(offset, length, signal) {
      return new Promise((resolve) => {
        signal?.throwIfAborted();
        resolve(readSync(offset, length));
      });
    },
    readSync,
  };
}

/**
 * A file that the user chose, or any other blob. In workers it can be read synchronously as well.
 *
 * Reading throws InputError `unreadable` when the browser can no longer read the file, because it was
 * changed, moved or unplugged after it was chosen.
 */
export function blobSource(name: string, blob: Blob): ByteSource {
  const unreadable = (cause: unknown) =>
    new InputError('unreadable', `${name} can no longer be read.`, {
      remedy: 'It was changed or moved after you chose it. Choose it again.',
      details: { file: name },
      cause,
    });
  const reader = typeof FileReaderSync === 'undefined' ? null : new FileReaderSync();
  return {
    name,
    size: blob.size,
    async read(offset, length, signal) {
      signal?.throwIfAborted();
      checkRange(name, blob.size, offset, length);
      const bytes = await blob
        .slice(offset, offset + length)
        .arrayBuffer()
        .catch((cause: unknown) => {
          throw unreadable(cause);
        });
      signal?.throwIfAborted();
      return new Uint8Array(bytes);
    },
    ...(reader && {
      readSync: (offset: number, length: number) => {
        checkRange(name, blob.size, offset, length);
        try {
          return new Uint8Array(reader.readAsArrayBuffer(blob.slice(offset, offset + length)));
        } catch (cause) {
          throw unreadable(cause);
        }
      },
    }),
  };
}

export interface HttpOptions {
  /** Instead of the global `fetch`. */
  readonly fetch?: typeof fetch;
  /** Stops the opening. Every read has its own signal. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * A file on a web server, read in ranges. Redirects are followed. A server that cannot send ranges is
 * accepted for files up to `wholeFileLimit`, which are then kept in memory.
 *
 * @throws ModelError `not-found` (404, 410), `http-failed` (any other refusal), `no-ranges` (a large file from
 *   a server that cannot send parts), `changed` (while reading: the file is no longer the one that was
 *   opened), `network` (no answer, or the connection was lost), each with `url` and, where there is one, `status`.
 */
export async function httpSource(url: string, options: HttpOptions = {}): Promise<ByteSource> {
  const { signal } = options;
  // Taken out of the options: the browser's fetch refuses to be called as a method of anything else.
  const fetcher = options.fetch ?? fetch;
  const ask = async (init: RequestInit, stop: AbortSignal | undefined): Promise<Response> => {
    try {
      return await fetcher(url, { ...init, redirect: 'follow', cache: 'no-store', signal: stop ?? null });
    } catch (cause) {
      throw lostConnection(url, cause, stop);
    }
  };
  const askRange = (first: number, last: number, stop: AbortSignal | undefined) =>
    ask({ headers: { Range: `bytes=${first}-${last}` } }, stop);

  const probe = await askRange(0, 0, signal);
  if (probe.status === 200) {
    const body = await readBody(url, probe, wholeFileLimit, tooLarge, signal);
    return memorySource(url, body);
  }
  await discard(probe);
  const range = contentRange(probe);
  // To a request for its first byte, an empty file has only this to say.
  if (probe.status === 416 && range?.total === 0) return memorySource(url, new Uint8Array(0));
  if (probe.status !== 206) throw refused(url, probe.status);
  // Servers of other sites may hide Content-Range from the page; Content-Length they cannot hide.
  const size = range?.total ?? (await sizeByHead(url, await ask({ method: 'HEAD' }, signal)));
  const tag = strongTag(probe);

  return {
    name: url,
    size,
    async read(offset, length, stop) {
      stop?.throwIfAborted();
      checkRange(url, size, offset, length);
      if (length === 0) return new Uint8Array(0);
      const last = offset + length - 1;
      const response = await askRange(offset, last, stop);
      // A server may answer with the whole file to any range.
      if (response.status === 200) {
        const body = await readBody(url, response, wholeFileLimit, tooLarge, stop);
        if (body.length !== size) throw changed(url, { size, found: body.length });
        return body.slice(offset, offset + length);
      }
      const found = contentRange(response);
      const foundTag = strongTag(response);
      const moved =
        response.status === 416 ||
        (found?.total ?? size) !== size ||
        (tag !== null && foundTag !== null && tag !== foundTag);
      if (moved || response.status !== 206) {
        await discard(response);
        throw moved ? changed(url, { size, found: found?.total ?? null }) : refused(url, response.status);
      }
      if (found !== null && (found.first !== offset || found.last !== last)) {
        await discard(response);
        throw wrongPart(url, response.status);
      }
      const body = await readBody(url, response, length, wrongPart, stop);
      if (body.length === length) return body;
      throw lostConnection(url, new Error(`${body.length} bytes of ${length} arrived`), stop);
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

function strongTag(response: Response): string | null {
  const tag = response.headers.get('ETag');
  return tag?.startsWith('"') === true ? tag : null;
}

function contentLength(response: Response): number | null {
  const header = response.headers.get('Content-Length') ?? '';
  return /^\d{1,15}$/.test(header) ? Number(header) : null;
}

async function sizeByHead(url: string, head: Response): Promise<number> {
  await discard(head);
  if (!head.ok) throw refused(url, head.status);
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

function refused(url: string, status: number): ModelError {
  const details = { url, status };
  if (status === 404 || status === 410) {
    return new ModelError('not-found', `There is no file at ${url}.`, {
      remedy: 'Check the address and the name of the model.',
      details,
    });
  }
  const remedy =
    status === 401 || status === 403
      ? 'The server does not let everyone read this file. Check the address, or use a model that is public.'
      : 'The server has a problem. Try again later.';
  return new ModelError('http-failed', `${url} could not be read: the server answered ${status}.`, {
    remedy,
    details,
  });
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

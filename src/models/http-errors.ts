/** Errors of files on web servers. */
import { ModelError } from '../base/index.ts';
import { retryAfterSeconds } from './http-answer.ts';

/** @param limit Number of bytes at the file's start that can be read. */
export function noRangesError(url: string, status: number, limit: number): ModelError {
  return new ModelError('no-ranges', `${url} cannot be read in ranges, and is too large to be read whole.`, {
    remedy: 'Put the model on a server that supports range requests.',
    details: { url, status, limit },
  });
}

/** The file is larger than `limit` bytes, so it is not read into memory. */
export function tooLargeError(url: string, status: number, limit: number): ModelError {
  return new ModelError('too-large', `${url} is larger than ${limit / 2 ** 20} MB.`, {
    remedy: 'Install the model: then it is downloaded in chunks and kept on this device.',
    details: { url, status, limit },
  });
}

/** The server answered with another range than the requested one. */
export function wrongRangeError(url: string, status: number): ModelError {
  return new ModelError('http-failed', `${url} answered with another range than the requested one.`, {
    remedy: 'Try again. If it happens again, the server is at fault.',
    details: { url, status },
  });
}

/** The server answered a range request with the whole file. Caching proxies do so until they have stored it. */
export function rangeIgnoredError(url: string): ModelError {
  return new ModelError(
    'http-failed',
    `${url} answered with the whole file instead of the requested range.`,
    {
      remedy: 'Try again later. If it happens again, the server is at fault.',
      details: { url, status: 200, whole: true },
    },
  );
}

/** The response is HTML, such as the log-in page of a public network. */
export function webPageError(url: string): ModelError {
  return new ModelError('network', `A web page was received instead of ${url}.`, {
    remedy: 'This network may want you to log in first: open any web page, then try again.',
    details: { url },
  });
}

/** The file has another size or version than when it was opened. Sizes in bytes; null if unknown. */
export function fileChangedError(url: string, sizes: { size: number; found: number | null }): ModelError {
  return new ModelError('changed', `${url} was replaced on its server while it was being read.`, {
    remedy: 'Load the model again.',
    details: { url, ...sizes },
  });
}

/** The server answered with an error status. */
export function refusedError(url: string, { status, headers, redirected }: Response): ModelError {
  const retryAfter = retryAfterSeconds(headers);
  const details = {
    url,
    status,
    ...(retryAfter === null ? {} : { retryAfter }),
    ...(redirected ? { redirected } : {}),
  };
  if (status === 404 || status === 410) {
    return new ModelError('not-found', `There is no file at ${url}.`, {
      remedy: 'Check the address and the name of the model.',
      details,
    });
  }
  const remedy =
    status === 401 || status === 403
      ? 'This file is not public. Check the address, or use a public model.'
      : status === 429
        ? 'The server received too many requests from here. Try again later.'
        : 'The server has a problem. Try again later.';
  return new ModelError('http-failed', `${url} could not be read: the server answered ${status}.`, {
    remedy,
    details,
  });
}

/** Error for a failed request; if it was aborted, throws the signal's reason instead. */
export function lostConnectionError(
  url: string,
  cause: unknown,
  signal: AbortSignal | undefined,
): ModelError {
  signal?.throwIfAborted();
  return new ModelError('network', `${url} could not be reached, or the connection was lost.`, {
    remedy:
      'Check the connection and try again. If only this address fails, its server may not allow other sites to read its files (CORS).',
    details: { url },
    cause,
  });
}

/** What the headers of an answer say of a file, as far as a server gives them and lets pages of other sites see them. */

/** `Content-Range: bytes first-last/total`. */
export interface ContentRange {
  readonly first: number | null;
  readonly last: number | null;
  readonly total: number | null;
}

export function contentRange(response: Response): ContentRange | null {
  const header = response.headers.get('Content-Range') ?? '';
  const match = /^bytes (?:(\d{1,15})-(\d{1,15})|\*)\/(\d{1,15}|\*)$/i.exec(header.trim());
  if (match === null) return null;
  const number = (text: string | undefined) => (text === undefined || text === '*' ? null : Number(text));
  return { first: number(match[1]), last: number(match[2]), total: number(match[3]) };
}

/** The length of the body as it is sent, which is another than that of the content where that is compressed. */
export function contentLength(response: Response): number | null {
  const header = response.headers.get('Content-Length') ?? '';
  return /^\d{1,15}$/.test(header) ? Number(header) : null;
}

/** Which version of a file an answer is from: see `RemoteFile.tag`. */
export function versionOf(response: Response): string | null {
  const tag = response.headers.get('ETag');
  if (tag?.startsWith('"') === true) return tag;
  // Servers of other sites may hide the ETag from the page; this they cannot hide.
  return response.headers.get('Last-Modified');
}

/** Whether two answers are from different versions of a file, as far as both tell it in the same way. */
export function differ(before: string | null, after: string | null): boolean {
  if (before === null || after === null || before.startsWith('"') !== after.startsWith('"')) return false;
  return before !== after;
}

/** Whether an answer is a page for people, as networks give that want a log-in first. */
export function isWebPage(response: Response): boolean {
  return /^text\/html\b/i.test(response.headers.get('Content-Type') ?? '');
}

/** `Retry-After` in seconds: a number, or a date by the server's clock. Null where it says nothing. */
export function secondsToWait(headers: Headers): number | null {
  const after = headers.get('Retry-After')?.trim() ?? '';
  if (/^\d{1,9}$/.test(after)) return Number(after);
  const now = Date.parse(headers.get('Date') ?? '');
  const seconds = Math.ceil((Date.parse(after) - (Number.isNaN(now) ? Date.now() : now)) / 1000);
  return Number.isNaN(seconds) ? null : Math.max(0, seconds);
}

/** Lets go of an answer whose body is not wanted, which frees its connection. */
export async function discard(response: Response): Promise<void> {
  await response.body?.cancel().catch(() => undefined);
}

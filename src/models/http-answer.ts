/** HTTP response headers about a file. CORS may hide any of them. */

/** Parsed `Content-Range: bytes first-last/total`. */
export interface ContentRange {
  readonly first: number | null;
  readonly last: number | null;
  readonly total: number | null;
}

/** Parses `Content-Range`; null if it is missing, hidden by CORS, or not valid. */
export function contentRange(response: Response): ContentRange | null {
  const header = response.headers.get('Content-Range') ?? '';
  const match = /^bytes (?:(\d{1,15})-(\d{1,15})|\*)\/(\d{1,15}|\*)$/i.exec(header.trim());
  if (match === null) return null;
  const number = (text: string | undefined) => (text === undefined || text === '*' ? null : Number(text));
  return { first: number(match[1]), last: number(match[2]), total: number(match[3]) };
}

/** `Content-Length`: the length of the body as sent, which differs from the content's if it is compressed. */
export function contentLength(response: Response): number | null {
  const header = response.headers.get('Content-Length') ?? '';
  return /^\d{1,15}$/.test(header) ? Number(header) : null;
}

/** Version of the file in a response: see `RemoteFile.tag`. */
export function versionOf(response: Response): string | null {
  const tag = response.headers.get('ETag');
  if (tag?.startsWith('"') === true) return tag;
  // ETag is hidden by CORS unless exposed; Last-Modified never is.
  return response.headers.get('Last-Modified');
}

/** True if two versions of the same kind (ETag or date) differ. */
export function versionsDiffer(before: string | null, after: string | null): boolean {
  if (before === null || after === null || before.startsWith('"') !== after.startsWith('"')) return false;
  return before !== after;
}

/** True for an HTML response, as captive portals send it. */
export function isWebPage(response: Response): boolean {
  return /^text\/html\b/i.test(response.headers.get('Content-Type') ?? '');
}

/** `Retry-After` in seconds, from a number or a date by the server's clock; null if absent. */
export function retryAfterSeconds(headers: Headers): number | null {
  const after = headers.get('Retry-After')?.trim() ?? '';
  if (/^\d{1,9}$/.test(after)) return Number(after);
  const now = Date.parse(headers.get('Date') ?? '');
  const seconds = Math.ceil((Date.parse(after) - (Number.isNaN(now) ? Date.now() : now)) / 1000);
  return Number.isNaN(seconds) ? null : Math.max(0, seconds);
}

/** Cancels the body of a response, which frees its connection. */
export async function discardResponse(response: Response): Promise<void> {
  await response.body?.cancel().catch(() => undefined);
}

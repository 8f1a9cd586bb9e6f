import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AnswerPlan } from './faults.ts';

/** Bytes read and sent at a time. */
const portion = 2 ** 20;

const webPage = '<!doctype html>\n<title>Log in</title>\n<p>Log in to use this network.</p>\n';

/** Requested byte range, inclusive; `last` is infinite for an open or a suffix range. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/**
 * Parses `Range: bytes=first-last`, `bytes=first-` or `bytes=-count` (RFC 9110, 14.1.2). Null for none, several or invalid
 * ranges, which servers answer with the whole file.
 */
export function parseRange(header: string | undefined, size: number): ByteRange | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (match === null) return null;
  const [, first = '', last = ''] = match;
  if (first === '') return last === '' ? null : { first: Math.max(0, size - Number(last)), last: Infinity };
  const range = { first: Number(first), last: last === '' ? Infinity : Number(last) };
  return range.first <= range.last ? range : null;
}

/** Status and number of body bytes that were sent, for the hub's record of the request. */
export interface SentAnswer {
  status: number;
  bytes: number;
}

/**
 * Answers a request for a file: whole, in part, or with the plan's faults.
 *
 * @param headers Server headers, including CORS.
 * @param sent Updated while sending; status 0 means that no answer was sent.
 */
export async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  plan: AnswerPlan,
  headers: Readonly<Record<string, string>>,
  sent: SentAnswer,
): Promise<void> {
  if (plan.silence !== null) {
    const closed = new Promise((resolve) => response.once('close', resolve));
    await Promise.race([plan.silence.pass(), closed]);
  }
  if (plan.hangUp) {
    response.destroy();
    return;
  }
  const refuse = (status: number, extra: Record<string, string> = {}, body = '') => {
    sent.status = status;
    response.writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(body), ...extra });
    response.end(request.method === 'HEAD' ? undefined : body);
  };
  if (plan.refusal !== null) {
    const { status, retryAfter } = plan.refusal;
    refuse(status, retryAfter === null ? {} : { 'Retry-After': String(retryAfter) }, `${status}\n`);
    return;
  }
  if (plan.webPage) {
    refuse(200, { 'Content-Type': 'text/html; charset=utf-8' }, webPage);
    return;
  }

  const { file, etag } = plan;
  const about = {
    ...headers,
    'Accept-Ranges': 'bytes',
    'Content-Type': 'application/octet-stream',
    ETag: etag,
  };
  const condition = (name: 'if-match' | 'if-none-match') =>
    (request.headers[name] ?? '').split(',').map((tag) => tag.trim());
  if (request.headers['if-match'] !== undefined && !condition('if-match').includes(etag)) {
    refuse(412, { ETag: etag });
    return;
  }
  if (condition('if-none-match').includes(etag)) {
    refuse(304, { ETag: etag });
    return;
  }
  const stale = request.headers['if-range'] !== undefined && request.headers['if-range'] !== etag;
  const wanted =
    plan.ranges === 'ignored' || stale || request.method === 'HEAD'
      ? null
      : parseRange(request.headers.range, file.size);
  if (wanted !== null && (plan.ranges === 'refused' || wanted.first >= file.size)) {
    refuse(416, { 'Content-Range': `bytes */${file.size}` });
    return;
  }
  const first = Math.min(file.size, (wanted?.first ?? 0) + plan.sentShift);
  const end = Math.min(file.size, (wanted?.last ?? Infinity) + 1 + plan.sentShift);
  const length = Math.max(0, end - first - plan.shorter);
  sent.status = wanted === null ? 200 : 206;
  // By how much Content-Range is wrong.
  const falseBy = plan.claimedShift - plan.sentShift;
  const range: Record<string, string> =
    wanted === null ? {} : { 'Content-Range': `bytes ${first + falseBy}-${end - 1 + falseBy}/${file.size}` };
  response.writeHead(sent.status, { ...about, ...range, 'Content-Length': length });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  response.flushHeaders();
  await sendBody(response, plan, first, length, sent);
}

/** Sends the body from byte `first` of the file, with the plan's stalls, bandwidth limits and loss of connection. */
async function sendBody(
  response: ServerResponse,
  { file, dropAfter, stalls, lines }: AnswerPlan,
  first: number,
  length: number,
  sent: SentAnswer,
): Promise<void> {
  const closed = new Promise<void>((resolve) => response.once('close', resolve));
  const drained = () => new Promise<void>((resolve) => response.once('drain', resolve));
  const limit = Math.min(length, dropAfter);
  const gates = [...stalls].sort((a, b) => a.after - b.after);
  const atOnce = Math.min(portion, ...lines.map((line) => line.portion));
  while (sent.bytes < limit) {
    while (gates[0] !== undefined && gates[0].after <= sent.bytes) {
      await Promise.race([gates.shift()?.gate.pass(), closed]);
    }
    const part = Math.min(atOnce, limit - sent.bytes, (gates[0]?.after ?? Infinity) - sent.bytes);
    for (const line of lines) await Promise.race([line.take(part), closed]);
    const bytes = await file.read(first + sent.bytes, part);
    if (response.destroyed) return;
    sent.bytes += part;
    if (!response.write(bytes)) await Promise.race([drained(), closed]);
  }
  for (const { gate } of gates) await Promise.race([gate.pass(), closed]);
  // Flush what was written before closing: tests count on those bytes having arrived.
  if (limit < length) response.socket?.destroySoon();
  else response.end();
}

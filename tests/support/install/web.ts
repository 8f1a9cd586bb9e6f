/** A recorded request. */
export interface Asked {
  readonly url: string;
  readonly method: string;
  /** Requested bytes, or null for the whole file. */
  readonly range: readonly [number, number] | null;
}

export interface WebFile {
  bytes: Uint8Array<ArrayBuffer>;
  /** ETag, which changes when the file is replaced; null for a server without ETags. */
  tag: string | null;
}

/** Bytes per chunk of a body. */
const partLength = 4096;

/** Replaces an answer; null for none. */
export type Fault = (asked: Asked, file: WebFile) => Response | null | Promise<Response | null>;

/** Fake `fetch`: files by URL, recorded requests, and faults. */
export class FakeWeb {
  readonly files = new Map<string, WebFile>();
  readonly asked: Asked[] = [];
  fault: Fault = () => null;
  /** Called before each chunk of a normal answer. */
  onPart: () => void = () => undefined;
  readonly #sent: { readonly url: string; bytes: number }[] = [];

  put(url: string, bytes: Uint8Array<ArrayBuffer>, tag: string | null = `"${url}"`): WebFile {
    const file = { bytes, tag };
    this.files.set(url, file);
    return file;
  }

  /** Bytes sent so far, except for the one-byte probes that open files. */
  sent(url?: string): number {
    return this.#sent
      .filter((each) => each.bytes > 1 && (url === undefined || each.url === url))
      .reduce((sum, { bytes }) => sum + bytes, 0);
  }

  readonly fetch: typeof fetch = async (input, init = {}) => {
    init.signal?.throwIfAborted();
    const url = input instanceof Request ? input.url : String(input);
    const header = new Headers(init.headers).get('Range') ?? '';
    const match = /^bytes=(\d+)-(\d+)$/.exec(header);
    const asked: Asked = {
      url,
      method: init.method ?? 'GET',
      range: match && [Number(match[1]), Number(match[2])],
    };
    this.asked.push(asked);
    const file = this.files.get(url);
    if (!file) return new Response('not here', { status: 404 });
    const instead = await this.fault(asked, file);
    init.signal?.throwIfAborted();
    if (instead) return instead;
    const sent = { url, bytes: 0 };
    this.#sent.push(sent);
    const whole = answer(asked, file);
    const { status, headers } = whole;
    if (whole.body === null) return whole;
    const bytes = new Uint8Array(await whole.arrayBuffer());
    return new Response(this.#inParts(bytes, sent, init.signal), { status, headers });
  };

  /** A streaming body, produced on demand. */
  #inParts(
    bytes: Uint8Array<ArrayBuffer>,
    sent: { bytes: number },
    signal: AbortSignal | null | undefined,
  ): ReadableStream<Uint8Array<ArrayBuffer>> {
    const pull = (controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>) => {
      this.onPart();
      signal?.throwIfAborted();
      const part = bytes.slice(sent.bytes, sent.bytes + partLength);
      sent.bytes += part.length;
      if (part.length > 0) controller.enqueue(part);
      if (sent.bytes >= bytes.length) controller.close();
    };
    return new ReadableStream({ pull }, { highWaterMark: 0 });
  }
}

/** Answer of a correct server. */
export function answer({ range, method }: Asked, { bytes, tag }: WebFile): Response {
  const headers = new Headers(tag === null ? {} : { ETag: tag });
  if (!range) {
    headers.set('Content-Length', String(bytes.length));
    return new Response(method === 'HEAD' ? null : bytes, { headers });
  }
  const [first, last] = [range[0], Math.min(range[1], bytes.length - 1)];
  if (first >= bytes.length) {
    headers.set('Content-Range', `bytes */${bytes.length}`);
    return new Response(null, { status: 416, headers });
  }
  headers.set('Content-Range', `bytes ${first}-${last}/${bytes.length}`);
  return new Response(bytes.slice(first, last + 1), { status: 206, headers });
}

/** Answer of a server without range support. */
export function whole(asked: Asked, file: WebFile): Response {
  return answer({ ...asked, range: null }, file);
}

/** Answer with an error status. */
export function refusal(status: number, headers: Record<string, string> = {}): Response {
  return new Response('no', { status, headers });
}

/** An answer whose connection is lost after some bytes of it. */
export function broken(asked: Asked, file: WebFile, after: number): Response {
  const whole = answer(asked, file);
  const [first, last] = asked.range ?? [0, file.bytes.length - 1];
  let sent = false;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (sent) controller.error(new TypeError('connection lost'));
      else controller.enqueue(file.bytes.slice(first, Math.min(first + after, last + 1)));
      sent = true;
    },
  });
  return new Response(body, { status: whole.status, headers: whole.headers });
}

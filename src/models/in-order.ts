import { ModelError } from '../base/index.ts';
import {
  contentLength,
  contentRange,
  versionsDiffer,
  discardResponse,
  isWebPage,
  versionOf,
} from './http-answer.ts';
import {
  fileChangedError,
  lostConnectionError,
  noRangesError,
  webPageError,
  refusedError,
  wrongRangeError,
} from './http-errors.ts';
import { streamOf } from './remote.ts';
import type { ByteStream, RemoteFile, Requests } from './remote.ts';
import { retrying } from './retry.ts';
import { checkRange } from './source.ts';
import type { StallWatch } from './stall.ts';

/** Part of `largestWhole` (1 MB of 64 MB) that is read first: enough for the header of nearly every file. */
const usualHeader = 1 / 64;

/**
 * A large file on a server without ranges. Its beginning, up to `largestWhole`, can be read at any time and is cached;
 * all of it can be streamed in order. A stream that loses its connection continues where it was, by reading from the
 * start again, or by range if the server supports that now.
 */
export class InOrderFile implements RemoteFile {
  readonly name: string;
  readonly size: number;
  readonly tag: string | null;
  readonly inOrder = true;
  readonly #requests: Requests;
  #beginning = new Uint8Array(0);

  constructor(requests: Requests, size: number, tag: string | null) {
    this.name = requests.url;
    this.size = size;
    this.tag = tag;
    this.#requests = requests;
  }

  stream(begin: number, end: number, signal?: AbortSignal): ByteStream {
    checkRange(this.name, this.size, begin, end - begin);
    const pass = new ForwardPass(this.#requests, this.size, this.tag, signal);
    return streamOf(
      begin,
      end,
      (at, length, onBytes) => pass.read(at, length, onBytes),
      () => pass.close(),
    );
  }

  /** @throws ModelError `no-ranges` beyond the cached beginning, and what `httpSource` throws */
  async read(
    offset: number,
    length: number,
    signal?: AbortSignal,
    onBytes?: (count: number) => void,
  ): Promise<Uint8Array<ArrayBuffer>> {
    signal?.throwIfAborted();
    checkRange(this.name, this.size, offset, length);
    const end = offset + length;
    const { largestWhole } = this.#requests;
    if (end > largestWhole) throw noRangesError(this.name, 200, largestWhole);
    if (end > this.#beginning.length) this.#beginning = await this.#readBeginning(end, signal);
    onBytes?.(length);
    return this.#beginning.slice(offset, end);
  }

  async #readBeginning(end: number, signal: AbortSignal | undefined): Promise<Uint8Array<ArrayBuffer>> {
    const pass = new ForwardPass(this.#requests, this.size, this.tag, signal);
    try {
      return await pass.read(0, Math.max(end, Math.floor(this.#requests.largestWhole * usualHeader)));
    } finally {
      await pass.close();
    }
  }
}

/** Reads forward through a file, over as many connections as necessary. */
class ForwardPass {
  readonly #requests: Requests;
  readonly #size: number;
  readonly #tag: string | null;
  readonly #signal: AbortSignal | undefined;
  #flow: Flow | null = null;
  /** Farthest position that any connection has reached. */
  #farthest = 0;

  constructor(requests: Requests, size: number, tag: string | null, signal: AbortSignal | undefined) {
    this.#requests = requests;
    this.#size = size;
    this.#tag = tag;
    this.#signal = signal;
  }

  /** @param offset Not before the end of the previous read. */
  async read(
    offset: number,
    length: number,
    onBytes?: (count: number) => void,
  ): Promise<Uint8Array<ArrayBuffer>> {
    this.#signal?.throwIfAborted();
    const out = new Uint8Array(length);
    if (length === 0) return out;
    let done = 0;
    const rest = () =>
      this.#flowing(offset + done, async (flow) => {
        await flow.advance(offset + done, () => undefined);
        await flow.advance(offset + length, (bytes) => {
          out.set(bytes, done);
          done += bytes.length;
          onBytes?.(bytes.length);
        });
      });
    const { retry } = this.#requests;
    await (retry ? retrying(retry.reading, this.#signal, rest, () => this.#farthest) : rest());
    return out;
  }

  async close(): Promise<void> {
    await this.#flow?.close();
    this.#flow = null;
  }

  /** Runs `work` on the open response, or on a new one from `offset` on. Closes a response that fails. */
  async #flowing(offset: number, work: (flow: Flow) => Promise<void>): Promise<void> {
    const again = this.#farthest > 0;
    try {
      this.#flow ??= await this.#open(offset);
      await this.#flow.use(work);
    } catch (error) {
      throw again && error instanceof ModelError && error.code === 'network'
        ? fromTheBeginning(error)
        : error;
    } finally {
      this.#farthest = Math.max(this.#farthest, this.#flow?.position ?? 0);
      if (this.#flow?.failed === true) await this.close();
    }
  }

  async #open(offset: number): Promise<Flow> {
    const watch = this.#requests.watch(this.#signal);
    try {
      const response = await this.#requests.askRange(offset, null, watch);
      const wrong = this.#wrong(response, offset);
      if (!wrong) return new Flow(this.#requests.url, this.#size, response, offset, watch);
      await discardResponse(response);
      throw wrong;
    } catch (error) {
      watch.end();
      throw error;
    }
  }

  /** Checks a response: null if it is the whole file, or all of it from `offset` on. */
  #wrong(response: Response, offset: number): ModelError | null {
    const { url } = this.#requests;
    const { status } = response;
    const whole = status === 200;
    if (!whole && status !== 206) return refusedError(url, response);
    if (whole && isWebPage(response)) return webPageError(url);
    const length = contentLength(response);
    const range = contentRange(response);
    const found = whole ? length : (range?.total ?? null);
    if ((found ?? this.#size) !== this.#size || versionsDiffer(this.#tag, versionOf(response))) {
      return fileChangedError(url, { size: this.#size, found });
    }
    // CORS may hide Content-Range, but not Content-Length.
    const first = range?.first ?? (length === null ? null : this.#size - length);
    return whole || first === offset ? null : wrongRangeError(url, status);
  }
}

/** One response, starting at some position of the file. */
class Flow {
  position: number;
  readonly #url: string;
  readonly #size: number;
  readonly #status: number;
  readonly #watch: StallWatch;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  /** Received but not consumed yet. */
  #rest: Uint8Array = new Uint8Array(0);
  #failed = false;

  /** @param offset Requested start; ignored if the response is the whole file. */
  constructor(url: string, size: number, response: Response, offset: number, watch: StallWatch) {
    this.#url = url;
    this.#size = size;
    this.#status = response.status;
    this.#reader = response.body?.getReader();
    this.position = response.status === 200 ? 0 : offset;
    this.#watch = watch;
  }

  /** True after an error: the response is unusable. */
  get failed(): boolean {
    return this.#failed;
  }

  /** Runs `work`; only meanwhile does the stall watch run. */
  async use(work: (flow: Flow) => Promise<void>): Promise<void> {
    this.#watch.alive();
    try {
      await work(this);
    } catch (error) {
      this.#failed = true;
      throw error;
    }
    this.#watch.pause();
  }

  /** Reads up to position `end`, passing the bytes to `take`. */
  async advance(end: number, take: (bytes: Uint8Array) => void): Promise<void> {
    while (this.position < end) {
      if (this.#rest.length === 0) this.#rest = await this.#next();
      const some = this.#rest.subarray(0, end - this.position);
      if (some.length === 0) {
        throw lostConnectionError(this.#url, new Error('ended early'), this.#watch.signal);
      }
      take(some);
      this.#rest = this.#rest.subarray(some.length);
      this.position += some.length;
    }
    if (end < this.#size) return;
    // More bytes than announced: another file, or one compressed although we asked for it not to be.
    if (this.#rest.length > 0 || (await this.#next()).length > 0) {
      throw wrongRangeError(this.#url, this.#status);
    }
  }

  async close(): Promise<void> {
    this.#watch.end();
    await this.#reader?.cancel().catch(() => undefined);
  }

  /** The next network chunk; empty at the end. */
  async #next(): Promise<Uint8Array> {
    try {
      for (;;) {
        const value = (await this.#reader?.read())?.value;
        this.#watch.alive();
        if (value === undefined) return new Uint8Array(0);
        if (value.length > 0) return value;
      }
    } catch (error) {
      throw lostConnectionError(this.#url, error, this.#watch.signal);
    }
  }
}

function fromTheBeginning(error: ModelError): ModelError {
  const message = `${error.message} Its server sends it only from the beginning on, so what was there comes again.`;
  return new ModelError('network', message, { remedy: error.remedy, details: error.details, cause: error });
}

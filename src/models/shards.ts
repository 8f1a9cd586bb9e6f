import { CheckpointError, ModelError, allOrNone, concatBytes } from '../base/index.ts';
import { joinShards, parseShardIndex } from './checkpoint/index.ts';
import type { JoinedShards } from './checkpoint/index.ts';
import { noRangesError } from './http-errors.ts';
import type { ByteStream, RemoteFile } from './remote.ts';
import { checkRange } from './source.ts';
import type { ByteSource } from './types.ts';

/**
 * Opens the files named in the index of a sharded checkpoint.
 *
 * @param open Opens a file next to the index, by its URL-encoded name.
 * @throws CheckpointError `shard-index-damaged`, or `shard-missing`; what `open` throws
 */
export function openShards<Source extends ByteSource>(
  index: string,
  json: unknown,
  open: (name: string, signal: AbortSignal) => Promise<Source>,
  signal: AbortSignal | undefined,
): Promise<Source[]> {
  const names = parseShardIndex(index, json);
  return allOrNone(signal, (stop) =>
    Promise.all(
      names.map(async (name) => {
        try {
          return await open(encodeURIComponent(name), stop);
        } catch (cause) {
          // Not `not-found`, which would make callers try another checkpoint.
          if (!(cause instanceof ModelError) || cause.code !== 'not-found') throw cause;
          throw new CheckpointError('shard-missing', `${name} is missing, which ${index} names.`, {
            remedy: 'The model is incomplete. Get all of its files again.',
            details: { file: name, index },
            cause,
          });
        }
      }),
    ),
  );
}

/** Joins the files of a sharded checkpoint into one virtual safetensors file. @throws CheckpointError like `joinShards` */
export async function joinedSource(
  name: string,
  shards: readonly ByteSource[],
  signal?: AbortSignal,
): Promise<ByteSource> {
  const joined = await joinShards(name, shards, signal);
  return {
    name,
    size: joined.size,
    read: (offset, length, stop) => readJoined(name, joined, offset, length, stop),
  };
}

/**
 * Joins the files of a sharded checkpoint on a web server into one virtual safetensors file, with a combined version.
 *
 * @throws CheckpointError like `joinShards`; ModelError `no-ranges` if a server does not support ranges
 */
export async function joinRemoteShards(
  name: string,
  shards: readonly RemoteFile[],
  signal?: AbortSignal,
): Promise<RemoteFile> {
  const whole = shards.find(({ inOrder }) => inOrder);
  if (whole) throw noRangesError(whole.name, 200, 0);
  const joined = await joinShards(name, shards, signal);
  const tags = shards.map(({ tag }) => tag);
  return {
    name,
    size: joined.size,
    tag: tags.includes(null) ? null : tags.join(' '),
    inOrder: false,
    read: (offset, length, stop, onBytes) => readJoined(name, joined, offset, length, stop, onBytes),
    stream(begin, end, stop) {
      checkRange(name, joined.size, begin, end - begin);
      return new JoinedStream(joined, begin, end, stop);
    },
  };
}

/** A range of the joined file that lies in one shard, or in the header. */
interface SourceSpan<Source extends ByteSource> {
  readonly source: Source | null;
  /** Offset in the shard, or in the header. */
  readonly from: number;
  readonly length: number;
}

/** Splits the range from `begin` to `end` of the joined file by shard. */
function spansOf<Source extends ByteSource>(
  { header, ranges }: JoinedShards<Source>,
  begin: number,
  end: number,
): SourceSpan<Source>[] {
  const all = [{ source: null, at: 0, from: 0, length: header.length }, ...ranges];
  return all.flatMap(({ source, at, from, length }) => {
    const first = Math.max(begin, at);
    const last = Math.min(end, at + length);
    return last > first ? [{ source, from: from + first - at, length: last - first }] : [];
  });
}

async function readJoined<Source extends RemoteFile | ByteSource>(
  name: string,
  joined: JoinedShards<Source>,
  offset: number,
  length: number,
  signal?: AbortSignal,
  onBytes?: (count: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  checkRange(name, joined.size, offset, length);
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (const span of spansOf(joined, offset, offset + length)) {
    if (span.source) parts.push(await span.source.read(span.from, span.length, signal, onBytes));
    else parts.push(joined.header.slice(span.from, span.from + span.length));
  }
  const [only] = parts;
  return only && parts.length === 1 ? only : concatBytes(parts);
}

/** Reads sequentially across shards, with one request per shard. */
class JoinedStream implements ByteStream {
  readonly #header: Uint8Array<ArrayBuffer>;
  readonly #spans: SourceSpan<RemoteFile>[];
  readonly #signal: AbortSignal | undefined;
  /** Bytes consumed of the first span. */
  #done = 0;
  #open: ByteStream | null = null;

  constructor(joined: JoinedShards<RemoteFile>, begin: number, end: number, signal: AbortSignal | undefined) {
    this.#header = joined.header;
    this.#spans = spansOf(joined, begin, end);
    this.#signal = signal;
  }

  async next(length: number, onBytes?: (count: number) => void): Promise<Uint8Array<ArrayBuffer>> {
    const parts: Uint8Array<ArrayBuffer>[] = [];
    await this.#advance(length, async (span, count) => {
      const stream = this.#stream(span);
      const from = span.from + this.#done;
      parts.push(stream ? await stream.next(count, onBytes) : this.#header.slice(from, from + count));
    });
    const [only] = parts;
    return only && parts.length === 1 ? only : concatBytes(parts);
  }

  async skip(length: number): Promise<void> {
    await this.#advance(length, async (span, count) => this.#stream(span)?.skip(count));
  }

  async close(): Promise<void> {
    const stream = this.#open;
    this.#open = null;
    await stream?.close();
  }

  async #advance(
    length: number,
    step: (span: SourceSpan<RemoteFile>, count: number) => Promise<void>,
  ): Promise<void> {
    for (let left = length; left > 0;) {
      const [span] = this.#spans;
      if (!span) throw new RangeError(`${left} bytes are beyond the end`);
      const count = Math.min(left, span.length - this.#done);
      await step(span, count);
      this.#done += count;
      left -= count;
      if (this.#done < span.length) continue;
      this.#spans.shift();
      this.#done = 0;
      await this.close();
    }
  }

  #stream({ source, from, length }: SourceSpan<RemoteFile>): ByteStream | null {
    return source && (this.#open ??= source.stream(from + this.#done, from + length, this.#signal));
  }
}

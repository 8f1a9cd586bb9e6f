import type { RemoteFile } from '../http.ts';
import type { Checkpoint } from '../types.ts';
import { storeHalves, valueBytes, writeHalves } from './halves.ts';
import { fingerprint } from './chunks.ts';
import type { PlannedChunk, PlannedFile, Span } from './chunks.ts';
import type { PrefetchedFile } from './prefetched-file.ts';

/**
 * Largest gap between two wanted tensors that is fetched rather than skipped, relative to a chunk (128 kB of 12 MB): a
 * separate request takes longer.
 */
const bridged = 1 / 96;
/** Bytes converted to float16 at a time, to bound memory. */
const stride = 2 ** 21;

/** Consecutive values of one tensor; offset and length in bytes of the checkpoint. */
interface Take {
  readonly tensor: string;
  readonly offset: number;
  readonly length: number;
  /** Position in the stored file; `stored` is the length there, in bytes. */
  readonly at: number;
  readonly stored: number;
}

/** Values that are contiguous in the checkpoint and in the stored file; `span` is null for a tensor read whole. */
interface TakeRun {
  readonly takes: Take[];
  span: Span | null;
}

/**
 * Plans a float16 safetensors file with some of a checkpoint's tensors, in their order in the checkpoint, so that
 * consecutive requests produce consecutive chunks.
 *
 * @param checkpoint Opened over `source`, which reads from `file`.
 * @throws CheckpointError `tensor-missing`
 */
export async function halfFile(
  name: string,
  part: string,
  file: RemoteFile,
  source: PrefetchedFile,
  checkpoint: Checkpoint,
  tensors: ReadonlySet<string>,
  chunkLength: number,
): Promise<PlannedFile> {
  const wanted = [...tensors].map((tensor) => {
    const entry = checkpoint.tensors.get(tensor);
    const stored = checkpoint.stored?.(tensor) ?? null;
    const count = entry?.dims.reduce((product, dim) => product * dim, 1) ?? 0;
    const type = entry?.type ?? 'float32';
    const offset = stored?.range(0, stored.byteLength).begin ?? Infinity;
    return { tensor, dims: entry?.dims ?? [], type, count, stored, offset };
  });
  wanted.sort((a, b) =>
    a.offset === b.offset ? (a.tensor < b.tensor ? -1 : 1) : a.offset < b.offset ? -1 : 1,
  );

  let end = 0;
  const header: Record<string, unknown> = {};
  for (const { tensor, dims, count } of wanted) {
    header[tensor] = { dtype: 'F16', shape: dims, data_offsets: [end, end + 2 * count] };
    end += 2 * count;
  }
  const head = headerBytes(header);

  const runs: TakeRun[] = [];
  let at = head.length;
  for (const { tensor, type, count, stored } of wanted) {
    const size = valueBytes[type];
    const length = count * size;
    if (stored === null) {
      runs.push({ takes: [{ tensor, offset: 0, length, at, stored: 2 * count }], span: null });
      at += 2 * count;
      continue;
    }
    // Equal parts, each a whole number of values.
    const values = Math.ceil(count / Math.max(1, Math.ceil(length / chunkLength)));
    for (let first = 0; first < count; first += values) {
      const some = Math.min(values, count - first);
      const take = { tensor, offset: first * size, length: some * size, at, stored: 2 * some };
      extend(runs, take, stored.range(take.offset, take.length), chunkLength);
      at += take.stored;
    }
  }

  const typeOf = (tensor: string) => checkpoint.tensors.get(tensor)?.type ?? 'float32';
  const chunk = ({ takes, span }: TakeRun): PlannedChunk => {
    const at = takes[0]?.at ?? 0;
    const length = takes.reduce((sum, take) => sum + take.stored, 0);
    const made = async (store: (take: Take, to: Uint8Array<ArrayBuffer>) => Promise<void>) => {
      const out = new Uint8Array(length);
      for (const take of takes) await store(take, out.subarray(take.at - at, take.at - at + take.stored));
      return out;
    };
    if (span === null) {
      const download = takes.reduce((sum, take) => sum + take.length, 0);
      return {
        at,
        length,
        download,
        span,
        large: download > chunkLength,
        make: (signal) =>
          made(async ({ tensor }, to) => {
            writeHalves(tensor, file.name, await checkpoint.read(tensor, signal), to);
          }),
      };
    }
    return {
      at,
      length,
      download: span.end - span.begin,
      span,
      async make(bytes, signal) {
        const part = source.hold(span.begin, bytes);
        try {
          return await made((take, to) => convert(take, to, signal));
        } finally {
          part.close();
        }
      },
    };
  };
  const convert = async (
    { tensor, offset, length }: Take,
    out: Uint8Array<ArrayBuffer>,
    signal: AbortSignal,
  ) => {
    const type = typeOf(tensor);
    for (let done = 0; done < length; done += stride) {
      const part = Math.min(stride, length - done);
      const bytes = await checkpoint.stored?.(tensor)?.read(offset + done, part, signal);
      if (!bytes) throw new RangeError(`${tensor} was planned to be read in chunks`);
      const [from, to] = [done, done + part].map((position) => (2 * position) / valueBytes[type]);
      storeHalves(tensor, file.name, bytes, type, out.subarray(from, to));
    }
  };

  const chunks: PlannedChunk[] = [
    { at: 0, length: head.length, download: 0, span: null, large: false, make: () => Promise.resolve(head) },
    ...runs.map(chunk),
  ];
  return {
    name,
    part,
    from: file,
    layout: await fingerprint([header, runs]),
    size: at,
    chunks,
  };
}

/** Appends values to the last run, or starts a new one if the gap or the total would be too large. */
function extend(runs: TakeRun[], take: Take, span: Span, chunkLength: number): void {
  const last = runs.at(-1);
  if (
    last?.span &&
    span.begin - last.span.end <= bridged * chunkLength &&
    Math.max(span.end, last.span.end) - last.span.begin <= chunkLength
  ) {
    last.takes.push(take);
    last.span = { begin: last.span.begin, end: Math.max(span.end, last.span.end) };
  } else {
    runs.push({ takes: [take], span });
  }
}

/** Header of a safetensors file, padded so that values start at a multiple of 8 bytes, as the format recommends. */
function headerBytes(header: Readonly<Record<string, unknown>>): Uint8Array<ArrayBuffer> {
  const json = new TextEncoder().encode(JSON.stringify(header));
  const length = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + length).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(json, 8);
  return bytes;
}

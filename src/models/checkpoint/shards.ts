import * as v from 'valibot';
import type { ByteSource } from '../types.ts';
import { damageError } from './damage.ts';
import { readSafetensorsHeader } from './safetensors.ts';

/** Maximum number of shards; the largest models have some two hundred. */
const mostShards = 1000;

// Plain names only: a path could point anywhere.
const shardName = v.pipe(v.string(), v.regex(/^[^/\\]+\.safetensors$/));
const indexSchema = v.object({ weight_map: v.record(v.string(), shardName) });

/** True for the index of a sharded checkpoint by diffusers' naming, with or without a variant (`fp16`). */
export function isShardIndex(path: string): boolean {
  return /\.safetensors\.index(\.\w+)?\.json$/.test(path);
}

/**
 * Validates the index of a sharded checkpoint and returns the sorted names of its files.
 *
 * @throws CheckpointError `shard-index-damaged`
 */
export function parseShardIndex(file: string, json: unknown): string[] {
  const index = v.safeParse(indexSchema, json);
  const names = index.success ? [...new Set(Object.values(index.output.weight_map))].sort() : [];
  if (names.length > 0 && names.length <= mostShards) return names;
  throw damageError('shard-index-damaged', `${file} does not say which files the weights are in.`, {
    file,
    problem: index.success ? `${names.length} files` : index.issues[0].message,
  });
}

/** A range of the joined file that comes from one shard. */
export interface ShardRange<Source extends ByteSource> {
  readonly source: Source;
  /** Offset in the joined file; `from` is the offset in its source. */
  readonly at: number;
  readonly from: number;
  readonly length: number;
}

/** Virtual safetensors file made of the shards of a checkpoint. */
export interface JoinedShards<Source extends ByteSource> {
  readonly size: number;
  /** Its header. */
  readonly header: Uint8Array<ArrayBuffer>;
  /** Its values, contiguous after the header. */
  readonly ranges: readonly ShardRange<Source>[];
}

/**
 * Joins the shards of a checkpoint into one virtual safetensors file with a merged header, without reading values.
 *
 * @param name Checkpoint name, for errors.
 * @throws CheckpointError like `openSafetensors` for each shard, and `duplicate-name` for a tensor in two of them
 */
export async function joinShards<Source extends ByteSource>(
  name: string,
  shards: readonly Source[],
  signal?: AbortSignal,
): Promise<JoinedShards<Source>> {
  const headers = await Promise.all(shards.map((shard) => readSafetensorsHeader(shard, signal)));
  const entries = new Map<string, unknown>();
  const values: { readonly source: Source; readonly from: number; readonly length: number }[] = [];
  let offset = 0;
  for (const [index, { end, entries: tensors }] of headers.entries()) {
    const source = shards[index];
    if (!source) continue;
    for (const { name: tensor, dims, dtype, begin, end: next } of tensors) {
      if (entries.has(tensor)) {
        throw damageError('duplicate-name', `Two files of ${name} have a tensor called “${tensor}”.`, {
          file: source.name,
          key: tensor,
        });
      }
      entries.set(tensor, { dtype, shape: dims, data_offsets: [offset + begin, offset + next] });
    }
    values.push({ source, from: end, length: source.size - end });
    offset += source.size - end;
  }
  const header = encodeHeader(entries);
  let at = header.length;
  const ranges = values.map((part) => {
    const range = { ...part, at };
    at += part.length;
    return range;
  });
  return { size: at, header, ranges };
}

function encodeHeader(entries: ReadonlyMap<string, unknown>): Uint8Array<ArrayBuffer> {
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const header = new Uint8Array(8 + json.length);
  new DataView(header.buffer).setBigUint64(0, BigInt(json.length), true);
  header.set(json, 8);
  return header;
}

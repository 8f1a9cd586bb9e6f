import * as v from 'valibot';
import type { ByteSource } from '../types.ts';
import { damage } from './damage.ts';
import { readSafetensorsHeader } from './safetensors.ts';

/** As many files as one checkpoint may have; the largest models have some two hundred. */
const mostShards = 1000;

// Names beside the index only: a path could lead anywhere.
const shardName = v.pipe(v.string(), v.regex(/^[^/\\]+\.safetensors$/));
const indexSchema = v.object({ weight_map: v.record(v.string(), shardName) });

/** Whether a file is called as diffusers calls the index of a sharded checkpoint, with a variant (`fp16`) or without. */
export function isShardIndex(path: string): boolean {
  return /\.safetensors\.index(\.\w+)?\.json$/.test(path);
}

/**
 * Reads the index of a sharded checkpoint: the names of its files, in order.
 *
 * @throws CheckpointError `shard-index-damaged`
 */
export function parseShardIndex(file: string, json: unknown): string[] {
  const index = v.safeParse(indexSchema, json);
  const names = index.success ? [...new Set(Object.values(index.output.weight_map))].sort() : [];
  if (names.length > 0 && names.length <= mostShards) return names;
  throw damage('shard-index-damaged', `${file} does not say which files the weights are in.`, {
    file,
    problem: index.success ? `${names.length} files` : index.issues[0].message,
  });
}

/** Where a part of the joined file comes from. */
export interface Segment<Source extends ByteSource> {
  readonly source: Source;
  /** Where it begins in the joined file, and in its source. */
  readonly at: number;
  readonly from: number;
  readonly length: number;
}

/** The files of a sharded checkpoint as one safetensors file. */
export interface JoinedShards<Source extends ByteSource> {
  readonly size: number;
  /** The header that the joined file begins with. */
  readonly header: Uint8Array<ArrayBuffer>;
  /** The values, in order and without gaps after the header. */
  readonly segments: readonly Segment<Source>[];
}

/**
 * Joins the files of a sharded checkpoint: their headers become one, and their values follow each other. No values are
 * read.
 *
 * @param name - what errors call the checkpoint
 * @throws CheckpointError as `openSafetensors` for each file, and `duplicate-name` for a tensor that is in two of them
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
  for (const [index, { end, placed }] of headers.entries()) {
    const source = shards[index];
    if (!source) continue;
    for (const { name: tensor, dims, dtype, begin, end: next } of placed) {
      if (entries.has(tensor)) {
        throw damage('duplicate-name', `Two files of ${name} have a tensor called “${tensor}”.`, {
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
  const segments = values.map((part) => {
    const segment = { ...part, at };
    at += part.length;
    return segment;
  });
  return { size: at, header, segments };
}

function encodeHeader(entries: ReadonlyMap<string, unknown>): Uint8Array<ArrayBuffer> {
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const header = new Uint8Array(8 + json.length);
  new DataView(header.buffer).setBigUint64(0, BigInt(json.length), true);
  header.set(json, 8);
  return header;
}

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { float32ToFloat16 } from '../src/base/index.ts';
import { openCheckpoint } from '../src/models/checkpoint/index.ts';
import { memorySource } from '../src/models/source.ts';

const usage = `Usage: node tools/run.mjs tools/float16-checkpoint.ts FROM TO.safetensors [PREFIX …]

Writes the tensors of a weight file whose names start with one of the prefixes (all, without any) as float16.`;

/** Converts a checkpoint to float16, the number type that the page installs models in. */
export async function main([from, to, ...prefixes]: string[]): Promise<number> {
  if (from === undefined || to === undefined) {
    console.error(usage);
    return 2;
  }
  const checkpoint = await openCheckpoint(memorySource(from, new Uint8Array(await readFile(from))));
  const names = [...checkpoint.tensors.keys()].filter(
    (name) => prefixes.length === 0 || prefixes.some((prefix) => name.startsWith(prefix)),
  );
  const header: Record<string, { dtype: string; shape: readonly number[]; data_offsets: [number, number] }> =
    {};
  const parts: Uint8Array[] = [];
  let end = 0;
  for (const name of names.sort()) {
    const halves = float32ToFloat16(await checkpoint.read(name));
    const begin = end;
    end += halves.byteLength;
    header[name] = {
      dtype: 'F16',
      shape: checkpoint.tensors.get(name)?.dims ?? [],
      data_offsets: [begin, end],
    };
    parts.push(new Uint8Array(halves.buffer));
  }
  const text = JSON.stringify(header);
  // The format recommends that the data begin at a multiple of 8 bytes.
  const head = Buffer.from(text.padEnd(Math.ceil(text.length / 8) * 8));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(head.length));
  await mkdir(dirname(to), { recursive: true });
  await writeFile(to, Buffer.concat([length, head, ...parts]));
  console.log(`${to}: ${names.length} tensors, ${end} bytes`);
  return 0;
}

import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import type { ByteSource } from '../src/models/types.ts';
import { formats, imageVariations, sizes } from './full-model/model.ts';

const usage = `Usage: npm run full-model -- --out DIR [--size full|small] [--format safetensors|bin|both]

Writes Stable Diffusion image variations with random values: the files of the hub's repositories under their names
(DIR/lambdalabs/…, DIR/Xenova/…), with the true names, shapes, types and formats. The full size takes 4.6 GB for one
format of the weights and 8.4 GB for both; the small one is below 2 MB. The same values every time.`;

/** Bytes generated and written at once. */
const block = 2 ** 24;

/** Entry point of the command that writes a full-size model. See `usage`. */
export async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      out: { type: 'string' },
      size: { type: 'string', default: 'full' },
      format: { type: 'string', default: 'both' },
    },
  });
  const { out } = values;
  const size = sizes.find((name) => name === values.size);
  const format = formats.find((name) => name === values.format);
  if (out === undefined || size === undefined || format === undefined) {
    console.error(usage);
    return 2;
  }
  const began = performance.now();
  let bytes = 0;
  for (const [path, source] of imageVariations(size, format)) {
    await writeSource(join(out, path), source);
    bytes += source.size;
    if (size === 'full' && source.size > block) console.log(`${path}: ${source.size} bytes`);
  }
  const seconds = (performance.now() - began) / 1000;
  console.log(
    JSON.stringify({
      out,
      bytes,
      seconds: Number(seconds.toFixed(1)),
      megabytesPerSecond: Math.round(bytes / 1e6 / seconds),
      peakMemoryMegabytes: Math.round(process.resourceUsage().maxRSS / 1024),
    }),
  );
  return 0;
}

/** Writes a source to a file, block by block. */
export async function writeSource(path: string, source: ByteSource): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, 'w');
  try {
    for (let at = 0; at < source.size; at += block) {
      await file.writeFile(await source.read(at, Math.min(block, source.size - at)));
    }
  } finally {
    await file.close();
  }
}

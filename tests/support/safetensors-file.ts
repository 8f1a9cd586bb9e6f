import * as v from 'valibot';
import { concat, uint, utf8 } from './bytes.ts';

/** Safetensors file with this header, verbatim if it is a string, and this data. */
export function safetensorsBytes(header: unknown, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const json = utf8(typeof header === 'string' ? header : JSON.stringify(header));
  return concat(uint(8, json.length), json, data);
}

/** Valid safetensors file. */
export function safetensorsFile(
  tensors: readonly { name: string; dtype: string; shape: readonly number[]; data: Uint8Array }[],
): Uint8Array<ArrayBuffer> {
  const header: [string, unknown][] = [['__metadata__', { format: 'pt' }]];
  let at = 0;
  for (const { name, dtype, shape, data } of tensors) {
    header.push([name, { dtype, shape, data_offsets: [at, at + data.length] }]);
    at += data.length;
  }
  return safetensorsBytes(Object.fromEntries(header), concat(...tensors.map(({ data }) => data)));
}

const entrySchema = v.object({
  dtype: v.string(),
  shape: v.array(v.number()),
  data_offsets: v.tuple([v.number(), v.number()]),
});

/**
 * Splits a safetensors file into shards as diffusers does. Returns the files by name, including the index.
 *
 * @param variant - `fp16` or empty
 */
export function shardsOf(
  file: Uint8Array<ArrayBuffer>,
  count: number,
  variant = '',
): Map<string, Uint8Array<ArrayBuffer>> {
  const length = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
  const json: unknown = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length)));
  const header = Object.entries(v.parse(v.record(v.string(), v.unknown()), json));
  const tensors = header.flatMap(([name, entry]) => {
    if (name === '__metadata__') return [];
    const { dtype, shape, data_offsets } = v.parse(entrySchema, entry);
    const [begin, end] = data_offsets;
    return { name, dtype, shape, data: file.subarray(8 + length + begin, 8 + length + end) };
  });
  const five = (number: number) => String(number).padStart(5, '0');
  const dot = variant === '' ? '' : `.${variant}`;
  const weightMap: Record<string, string> = {};
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  for (let shard = 0; shard < count; shard++) {
    const name = `diffusion_pytorch_model${dot}-${five(shard + 1)}-of-${five(count)}.safetensors`;
    const part = tensors.filter((_, index) => Math.floor((index * count) / tensors.length) === shard);
    for (const tensor of part) weightMap[tensor.name] = name;
    files.set(name, safetensorsFile(part));
  }
  const index = { metadata: { total_size: file.length - 8 - length }, weight_map: weightMap };
  files.set(`diffusion_pytorch_model.safetensors.index${dot}.json`, utf8(JSON.stringify(index)));
  return files;
}

import { concat, uint, utf8 } from './bytes.ts';

/** A safetensors file with this header, word for word, before this data. */
export function safetensorsBytes(header: unknown, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const json = utf8(typeof header === 'string' ? header : JSON.stringify(header));
  return concat(uint(8, json.length), json, data);
}

/** A well-formed safetensors file. */
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

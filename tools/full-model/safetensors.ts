import type { ByteSource } from '../../src/models/types.ts';
import { assemble } from './assemble.ts';
import { tensorBytes } from './values.ts';
import type { RandomTensor } from './values.ts';

/** Safetensors file as PyTorch models are saved: tensors sorted by name, header padded to a multiple of 8 bytes. */
export function safetensors(
  name: string,
  tensors: readonly RandomTensor[],
  type: 'float32' | 'float16' = 'float32',
): ByteSource {
  const sorted = [...tensors].sort((a, b) => (a.name < b.name ? -1 : 1));
  const sections = sorted.map((tensor) => tensorBytes(tensor, type));
  let end = 0;
  const entries = sorted.map((tensor, index) => {
    const begin = end;
    end += sections[index]?.length ?? 0;
    const dtype = type === 'float32' ? 'F32' : 'F16';
    return [tensor.name, { dtype, shape: tensor.dims, data_offsets: [begin, end] }] as const;
  });
  const text = JSON.stringify(Object.fromEntries([['__metadata__', { format: 'pt' }], ...entries]));
  const header = Buffer.from(text.padEnd(Math.ceil(text.length / 8) * 8));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return assemble(name, [length, header, ...sections]);
}

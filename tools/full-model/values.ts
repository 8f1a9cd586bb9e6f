import { float32ToFloat16 } from '../../src/base/index.ts';
import type { LazyBytes } from './assemble.ts';

/** Tensor of random values: uniform around the mean `middle`, with the standard deviation `deviation`. */
export interface RandomTensor {
  readonly name: string;
  readonly dims: readonly number[];
  readonly middle: number;
  readonly deviation: number;
}

export const count = (dims: readonly number[]): number => dims.reduce((product, dim) => product * dim, 1);

/** FNV-1a hash (Fowler, Noll, Vo) of a tensor's name, which seeds its values. */
function seedOf(name: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash;
}

/**
 * Fills `out` with the values of a tensor from index `start` on. Each value depends only on the tensor's name and the
 * index, so that any part of a checkpoint can be generated independently and is the same on every machine. The integer
 * hash is `lowbias32` (C. Wellons and TheIronBorn, public domain): two multiplications, about 2 ns per value.
 */
export function fillValues(out: Float32Array, tensor: RandomTensor, start: number): void {
  const seed = seedOf(tensor.name);
  const { middle } = tensor;
  // A uniform distribution over ±1 has a deviation of 1/√3.
  const scale = (tensor.deviation * Math.sqrt(3)) / 2 ** 31;
  for (let i = 0; i < out.length; i++) {
    let word = Math.imul(start + i, 0x9e3779b9) ^ seed;
    word = Math.imul(word ^ (word >>> 16), 0x21f0aaad);
    word = Math.imul(word ^ (word >>> 15), 0x735a2d97);
    out[i] = middle + (word ^ (word >>> 15)) * scale;
  }
}

/** Bytes of a tensor as stored in files (little-endian), generated on demand. */
export function tensorBytes(tensor: RandomTensor, type: 'float32' | 'float16'): LazyBytes {
  const size = type === 'float32' ? 4 : 2;
  const length = size * count(tensor.dims);
  return {
    length,
    fill(target, offset) {
      const aligned = offset % size === 0 && target.byteOffset % size === 0 && target.length % size === 0;
      if (aligned && type === 'float32') {
        const values = new Float32Array(target.buffer, target.byteOffset, target.length / size);
        fillValues(values, tensor, offset / size);
        return;
      }
      const first = Math.floor(offset / size);
      const values = new Float32Array(Math.ceil((offset + target.length) / size) - first);
      fillValues(values, tensor, first);
      const { buffer } = type === 'float32' ? values : float32ToFloat16(values);
      target.set(new Uint8Array(buffer, offset - first * size, target.length));
    },
  };
}

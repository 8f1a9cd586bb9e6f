import { bfloat16ToFloat32, float16ToFloat32 } from '../../base/index.ts';
import type { StoredType } from '../types.ts';
import { damage } from './damage.ts';

/** One tensor with 2^28 values is 1 GB in float32: far more than any model here has, little enough to refuse in time. */
const mostValues = 2 ** 28;
/** PyTorch's own limit. */
export const mostDims = 64;

/**
 * The number of values in a tensor of these dims, which are integers from 0 up.
 *
 * @throws CheckpointError `too-large`, before anything is allocated for it.
 */
export function countValues(file: string, tensor: string, dims: readonly number[]): number {
  // A zero anywhere makes the tensor empty, whatever the other dims claim.
  const count = dims.includes(0) ? 0 : dims.reduce((product, dim) => product * dim, 1);
  if (dims.length <= mostDims && count <= mostValues) return count;
  throw damage(
    'too-large',
    `In ${file}, the tensor “${tensor}” claims more values than Drift reads at once.`,
    { file, tensor, dims: dims.slice(0, mostDims).join('×'), limit: mostValues },
  );
}

/**
 * Refuses names that are not safe as keys of JavaScript objects; no real model has them.
 *
 * @throws CheckpointError `odd-name`
 */
export function checkTensorName(file: string, tensor: string): void {
  if (tensor !== '__proto__' && tensor !== 'constructor' && tensor !== 'prototype') return;
  throw damage('odd-name', `${file} has a tensor called “${tensor}”, which no model has.`, { file, tensor });
}

/** Turns elements of `size` bytes from big-endian to little-endian, in place. */
function swapBytes(bytes: Uint8Array, size: number): void {
  for (let i = 0; i < bytes.length; i += size) bytes.subarray(i, i + size).reverse();
}

/**
 * Stored elements as float32 values. May keep or overwrite `bytes`, so these must belong to the caller.
 * The machine is taken to be little-endian, as every one with a browser is.
 *
 * @param bytes a whole number of elements, little-endian unless `bigEndian` is set
 */
export function elementsToFloat32(
  bytes: Uint8Array<ArrayBuffer>,
  type: StoredType,
  bigEndian = false,
): Float32Array<ArrayBuffer> {
  const size = type === 'float64' ? 8 : type === 'float32' ? 4 : 2;
  if (bigEndian) swapBytes(bytes, size);
  // Typed arrays begin at multiples of their element's size only.
  const { buffer, byteOffset } = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  const count = bytes.length / size;
  switch (type) {
    case 'float64':
      return new Float32Array(new Float64Array(buffer, byteOffset, count));
    case 'float32':
      return new Float32Array(buffer, byteOffset, count);
    case 'float16':
      return float16ToFloat32(new Uint16Array(buffer, byteOffset, count));
    case 'bfloat16':
      return bfloat16ToFloat32(new Uint16Array(buffer, byteOffset, count));
  }
}

import { bfloat16ToFloat32, float16ToFloat32 } from '../../base/index.ts';
import type { StoredType } from '../types.ts';
import { damageError } from './damage.ts';

/** Maximum number of values of a tensor: 1 GB in float32, far more than any supported model has. */
const mostValues = 2 ** 28;
/** PyTorch's limit. */
export const mostDims = 64;

/**
 * Number of values of a tensor with non-negative integer dims.
 *
 * @throws CheckpointError `too-large`, before allocating anything
 */
export function countValues(file: string, tensor: string, dims: readonly number[]): number {
  // Empty if any dim is zero, however large the others claim to be.
  const count = dims.includes(0) ? 0 : dims.reduce((product, dim) => product * dim, 1);
  if (dims.length <= mostDims && count <= mostValues) return count;
  throw damageError(
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
  throw damageError('odd-name', `${file} has a tensor called “${tensor}”, which no model has.`, {
    file,
    tensor,
  });
}

/** Swaps the byte order of elements of `size` bytes, in place. */
function swapBytes(bytes: Uint8Array, size: number): void {
  for (let i = 0; i < bytes.length; i += size) bytes.subarray(i, i + size).reverse();
}

/**
 * Converts stored elements to float32. May keep or overwrite `bytes`, which must belong to the caller. Assumes a
 * little-endian machine, as all with a browser are.
 *
 * @param bytes A whole number of elements, little-endian unless `bigEndian` is set.
 */
export function elementsToFloat32(
  bytes: Uint8Array<ArrayBuffer>,
  type: StoredType,
  bigEndian = false,
): Float32Array<ArrayBuffer> {
  const size = type === 'float64' ? 8 : type === 'float32' ? 4 : 2;
  if (bigEndian) swapBytes(bytes, size);
  // Typed arrays must be aligned to their element size.
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

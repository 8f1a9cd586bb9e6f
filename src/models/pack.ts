import type { Checkpoint } from './types.ts';
import { float32ToFloat16, freeNow } from '../base/index.ts';
import type { LazyBytes } from '../runtime/index.ts';
import { checkFits } from './fits.ts';
import type { PlannedWeight, WeightPlan } from './onnx/index.ts';

/**
 * Packs a network's weights from a checkpoint, tensor by tensor in the order of the file.
 *
 * @param onWeight Called after each weight with the number of finished ones.
 * @throws CheckpointError `weight-not-finite`, `weight-too-large` (for float16), or what reading a tensor throws; or the
 *   signal's reason
 */
export async function packWeights(
  plan: WeightPlan,
  checkpoint: Checkpoint,
  options: {
    readonly signal?: AbortSignal | undefined;
    readonly onWeight?: (done: number, of: number) => void;
  } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const { signal, onWeight } = options;
  const packed = new Uint8Array(plan.byteLength);
  for (const [index, weight] of plan.weights.entries()) {
    const parts: Float32Array<ArrayBuffer>[] = [];
    for (const tensor of weight.source.tensors) {
      signal?.throwIfAborted();
      parts.push(await checkpoint.read(tensor, signal));
    }
    packed.set(pack(weight, parts, checkpoint.name, plan.type), weight.offset);
    onWeight?.(index + 1, plan.weights.length);
  }
  return packed;
}

/**
 * The file that `packWeights` makes, packed lazily as it is read: only the weight being read is in memory. Null if the
 * checkpoint cannot be read synchronously.
 *
 * Reading throws what `packWeights` throws.
 */
export function lazyWeights(
  { byteLength, weights, type }: WeightPlan,
  checkpoint: Checkpoint,
  signal?: AbortSignal,
): LazyBytes | null {
  const { readSync } = checkpoint;
  if (!readSync) return null;
  const packed = (weight: PlannedWeight) =>
    pack(weight, weight.source.tensors.map(readSync), checkpoint.name, type);
  const byOffset = new Map(weights.map((weight) => [weight.offset, weight]));
  return {
    byteLength,
    read(offset, length) {
      signal?.throwIfAborted();
      const weight = byOffset.get(offset);
      if (weight?.byteLength === length) return packed(weight);
      // Any other range is assembled from the weights in it, with zeros in gaps.
      const bytes = new Uint8Array(length);
      for (const each of weights) {
        const start = Math.max(offset, each.offset);
        const end = Math.min(offset + length, each.offset + each.byteLength);
        if (start >= end) continue;
        bytes.set(packed(each).subarray(start - each.offset, end - each.offset), start - offset);
      }
      return bytes;
    },
  };
}

/**
 * Packs one weight.
 *
 * @param parts Its source tensors; this function frees them.
 */
function pack(
  weight: PlannedWeight,
  parts: readonly Float32Array<ArrayBuffer>[],
  file: string,
  type: WeightPlan['type'],
): Uint8Array<ArrayBuffer> {
  const { rows, columns, transpose, scale, first } = weight.source;
  const [only] = parts;
  let values = parts.length === 1 && only ? only : joined(parts, rows * columns);
  if (first) scaleBy(values.subarray(0, first.rows * columns), first.scale);
  if (transpose) {
    const given = values;
    values = transposed(given, rows, columns);
    freeNow(given);
  }
  if (scale !== 1) scaleBy(values, scale);
  checkFits(weight.name, values, file, type);
  if (type === 'float32') return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const halves = float32ToFloat16(values);
  freeNow(values);
  return new Uint8Array(halves.buffer, halves.byteOffset, halves.byteLength);
}

/** Concatenates tensors, freeing each. */
function joined(parts: readonly Float32Array<ArrayBuffer>[], length: number): Float32Array<ArrayBuffer> {
  const values = new Float32Array(length);
  let start = 0;
  for (const part of parts) {
    values.set(part, start);
    start += part.length;
    freeNow(part);
  }
  return values;
}

function scaleBy(values: Float32Array, factor: number): void {
  for (let i = 0; i < values.length; i++) values[i] = (values[i] ?? 0) * factor;
}

/** Transposes [rows, columns] to [columns, rows], in tiles that fit the CPU's cache. */
function transposed(values: Float32Array, rows: number, columns: number): Float32Array<ArrayBuffer> {
  const tile = 32;
  const result = new Float32Array(values.length);
  for (let top = 0; top < rows; top += tile) {
    for (let left = 0; left < columns; left += tile) {
      const bottom = Math.min(top + tile, rows);
      const right = Math.min(left + tile, columns);
      for (let row = top; row < bottom; row++) {
        for (let column = left; column < right; column++) {
          result[column * rows + row] = values[row * columns + column] ?? 0;
        }
      }
    }
  }
  return result;
}

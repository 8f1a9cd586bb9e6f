import type { Checkpoint } from './types.ts';
import { float32ToFloat16 } from '../base/index.ts';
import { checkFits } from './fits.ts';
import type { PlannedWeight, WeightPlan } from './onnx/index.ts';

/**
 * Fills a weight file from a checkpoint, tensor by tensor in the order of the file.
 *
 * @param onWeight - told after each weight how many are done
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
    signal?.throwIfAborted();
    const values = await gather(weight, checkpoint, signal);
    checkFits(weight.name, values, checkpoint.name, plan.type);
    if (plan.type === 'float32') {
      new Float32Array(packed.buffer, weight.offset, values.length).set(values);
    } else {
      float32ToFloat16(values, new Uint16Array(packed.buffer, weight.offset, values.length));
    }
    onWeight?.(index + 1, plan.weights.length);
  }
  return packed;
}

/** The values of one packed weight, still in float32. */
async function gather(
  { source }: PlannedWeight,
  checkpoint: Checkpoint,
  signal?: AbortSignal,
): Promise<Float32Array> {
  const { rows, columns, transpose, scale } = source;
  let values = new Float32Array(rows * columns);
  let start = 0;
  for (const tensor of source.tensors) {
    const part = await checkpoint.read(tensor, signal);
    values.set(part, start);
    start += part.length;
  }
  if (transpose) values = transposed(values, rows, columns);
  if (scale !== 1) for (let i = 0; i < values.length; i++) values[i] = (values[i] ?? 0) * scale;
  return values;
}

/** [rows, columns] to [columns, rows], in tiles that stay in the processor's cache. */
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

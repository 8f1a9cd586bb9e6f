import { clipDeviation, clipMean } from '../checks.ts';
import { at } from './arrays.ts';

/** Weights of the four neighbours in Keys' cubic convolution (1981) with a = -0.75, as in PyTorch. */
function cubicWeights(t: number): readonly number[] {
  const a = -0.75;
  const u = 1 - t;
  const near = (x: number) => ((a + 2) * x - (a + 3)) * x * x + 1;
  return [a * t * u * u, near(t), near(u), a * u * t * t];
}

/** For each output position along one axis: four source positions and their weights. */
function bicubicTaps(source: number, size: number): { positions: Int32Array; weights: Float64Array } {
  const positions = new Int32Array(4 * size);
  const weights = new Float64Array(4 * size);
  for (let target = 0; target < size; target++) {
    // The position is (target + 1/2) · source / size - 1/2, computed as an exact fraction of integers.
    const numerator = (2 * target + 1) * source - size;
    const denominator = 2 * size;
    const floor = Math.floor(numerator / denominator);
    weights.set(cubicWeights((numerator - floor * denominator) / denominator), 4 * target);
    for (let tap = 0; tap < 4; tap++) {
      positions[4 * target + tap] = Math.min(Math.max(floor + tap - 1, 0), source - 1);
    }
  }
  return { positions, weights };
}

/**
 * Converts a picture to CLIP's input: bicubic resize without antialiasing or clamping, edges repeated, then CLIP's mean
 * and deviation.
 *
 * @param pixels RGBA bytes [height, width, 4]; alpha is ignored.
 * @returns [1, 3, size, size]
 */
export function clipPreprocess(
  pixels: Uint8ClampedArray,
  height: number,
  width: number,
  size: number,
): Float32Array<ArrayBuffer> {
  const out = new Float32Array(3 * size * size);
  const rows = bicubicTaps(height, size);
  const columns = bicubicTaps(width, size);
  const blended = new Float64Array(4 * width);
  for (let y = 0; y < size; y++) {
    blended.fill(0);
    for (let tap = 4 * y; tap < 4 * y + 4; tap++) {
      const start = 4 * width * at(rows.positions, tap);
      const weight = at(rows.weights, tap);
      for (let i = 0; i < 4 * width; i++) {
        blended[i] = at(blended, i) + weight * at(pixels, start + i);
      }
    }
    for (let x = 0; x < size; x++) {
      for (let channel = 0; channel < 3; channel++) {
        let sum = 0;
        for (let tap = 4 * x; tap < 4 * x + 4; tap++) {
          sum += at(columns.weights, tap) * at(blended, 4 * at(columns.positions, tap) + channel);
        }
        out[(channel * size + y) * size + x] =
          (sum / 255 - at(clipMean, channel)) / at(clipDeviation, channel);
      }
    }
  }
  return out;
}

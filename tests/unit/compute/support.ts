import { fileURLToPath } from 'node:url';
import type { Compute, DeviceTensor } from '../../../src/compute/index.ts';
import { createCpuCompute } from '../../../src/compute/index.ts';
import type { Check } from '../../../tools/conformance/golden.ts';
import { openGolden } from '../../../tools/conformance/golden.ts';

export const golden = await openGolden(fileURLToPath(new URL('../../golden/shapes', import.meta.url)));

/** Golden checks of one kind. */
export function goldenChecks<K extends Check['kind']>(kind: K): Extract<Check, { kind: K }>[] {
  return golden.checks.filter((check): check is Extract<Check, { kind: K }> => check.kind === kind);
}

/** Relative L2 error ‖out - reference‖ / ‖reference‖; NaN if a value is NaN. */
export function relativeError(out: ArrayLike<number>, reference: ArrayLike<number>): number {
  if (out.length !== reference.length) throw new Error(`${out.length} values for ${reference.length}`);
  let difference = 0;
  let size = 0;
  for (let i = 0; i < out.length; i++) {
    difference += ((out[i] ?? NaN) - (reference[i] ?? NaN)) ** 2;
    size += (reference[i] ?? NaN) ** 2;
  }
  return difference === 0 ? 0 : Math.sqrt(difference / size);
}

/** Maximum absolute difference of two arrays; NaN if a value is NaN. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new Error(`${a.length} values for ${b.length}`);
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs((a[i] ?? NaN) - (b[i] ?? NaN)));
  return largest;
}

/** Reads the values of a tensor. */
export async function values(compute: Compute, tensor: DeviceTensor): Promise<number[]> {
  const [data] = await compute.read([tensor]);
  if (data === undefined) throw new Error('nothing was read');
  return Array.from(data);
}

const source = createCpuCompute();

/** Normally distributed test data, deterministic by seed. */
export async function normal(seed: number, count: number, deviation = 1): Promise<Float32Array> {
  const tensor = source.empty([1, Math.ceil(count / 4) * 4], 'float32');
  source.gaussianNoise([{ seed, frame: 0xda7a, variant: 0 }], tensor);
  const data = await values(source, tensor);
  tensor.dispose();
  return Float32Array.from(data.slice(0, count), (value) => value * deviation);
}

/** Normalises each row to unit length. */
export function unitRows(data: Float32Array, length: number): Float32Array {
  const out = data.slice();
  for (let start = 0; start < out.length; start += length) {
    const row = out.subarray(start, start + length);
    const norm = Math.hypot(...row);
    row.set(row.map((value) => value / norm));
  }
  return out;
}

/** Picture of noise in all channels, including alpha. */
export async function noisePicture(seed: number, width: number, height: number) {
  const data = Uint8ClampedArray.from(await normal(seed, 4 * width * height, 60), (value) => 128 + value);
  return { width, height, data };
}

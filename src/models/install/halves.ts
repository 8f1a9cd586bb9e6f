import { float32ToFloat16, freeNow } from '../../base/index.ts';
import { elementsToFloat32 } from '../checkpoint/index.ts';
import { checkFits } from '../fits.ts';
import type { StoredType } from '../types.ts';

/** Bytes per value. */
export const valueBytes: Readonly<Record<StoredType, number>> = {
  float64: 8,
  float32: 4,
  float16: 2,
  bfloat16: 2,
};

/**
 * Converts values of a checkpoint to float16.
 *
 * @param tensor For errors, like `file`.
 * @param bytes A whole number of values, little-endian; this function frees them.
 * @param out Destination, two bytes per value.
 * @throws CheckpointError `weight-not-finite` or `weight-too-large`
 */
export function storeHalves(
  tensor: string,
  file: string,
  bytes: Uint8Array<ArrayBuffer>,
  type: StoredType,
  out: Uint8Array<ArrayBuffer>,
): void {
  const values = elementsToFloat32(bytes, type);
  writeHalves(tensor, file, values, out);
  freeNow(values);
  freeNow(bytes);
}

/** Converts float32 values to float16. @throws like `storeHalves` */
export function writeHalves(
  tensor: string,
  file: string,
  values: Float32Array,
  out: Uint8Array<ArrayBuffer>,
): void {
  const halves = new Uint16Array(out.buffer, out.byteOffset, values.length);
  float32ToFloat16(values, halves);
  // Overflow has become infinite; scanning the halves is faster than measuring all values first.
  if (!allFinite(halves)) checkFits(tensor, values, file, 'float16');
}

function allFinite(halves: Uint16Array): boolean {
  for (let i = 0; i < halves.length; i++) if (((halves[i] ?? 0) & 0x7c00) === 0x7c00) return false;
  return true;
}

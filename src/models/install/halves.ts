import { float32ToFloat16, freeNow } from '../../base/index.ts';
import { elementsToFloat32 } from '../checkpoint/index.ts';
import { checkFits } from '../fits.ts';
import type { StoredType } from '../types.ts';

/** Bytes of one value. */
export const valueBytes: Readonly<Record<StoredType, number>> = {
  float64: 8,
  float32: 4,
  float16: 2,
  bfloat16: 2,
};

/**
 * Turns values as they lie in a checkpoint into float16.
 *
 * @param tensor - whose they are, and `file` where they come from, for errors
 * @param bytes - a whole number of values, little-endian; they are given away
 * @param out - where the halves go, two bytes for each value
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

/** The same for values that are float32 already. */
export function writeHalves(
  tensor: string,
  file: string,
  values: Float32Array,
  out: Uint8Array<ArrayBuffer>,
): void {
  const halves = new Uint16Array(out.buffer, out.byteOffset, values.length);
  float32ToFloat16(values, halves);
  // What float16 cannot hold has become infinite. Looking at the halves is quicker than measuring all values.
  if (!allFinite(halves)) checkFits(tensor, values, file, 'float16');
}

function allFinite(halves: Uint16Array): boolean {
  for (let i = 0; i < halves.length; i++) if (((halves[i] ?? 0) & 0x7c00) === 0x7c00) return false;
  return true;
}

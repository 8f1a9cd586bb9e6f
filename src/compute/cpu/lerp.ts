import { at } from './arrays.ts';

/**
 * Writes `weightA · a + weightB · b` to `out`, starting at element `offset`. The weights include the renormalisation:
 * see `Compute.lerp`.
 */
export function lerp(
  a: Float32Array,
  b: Float32Array,
  weightA: number,
  weightB: number,
  out: Float32Array,
  offset: number,
): void {
  for (let i = 0; i < a.length; i++) out[offset + i] = weightA * at(a, i) + weightB * at(b, i);
}

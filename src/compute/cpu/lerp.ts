import { at } from './arrays.ts';

/** `weightA · a + weightB · b` into `out` from element `offset` on. */
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

/**
 * IEEE 754 half precision in plain numbers: browsers have had `Float16Array` only since 2025, and what a tensor
 * holds must not depend on the browser.
 */

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** The 16 bits of the float16 nearest to a number (ties to even). Beyond ±65504 lies infinity; NaN stays NaN. */
export function toFloat16Bits(value: number): number {
  float[0] = value;
  const word = bits[0] ?? 0;
  const sign = (word >>> 16) & 0x8000;
  const magnitude = word & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00; // NaN
  if (magnitude >= 0x477ff000) return sign | 0x7c00; // 65520 and more round to infinity
  if (magnitude < 0x38800000) {
    // Below 2^-14: subnormal, a multiple of 2^-24. Adding 0.5 lets float32 do the rounding, in its last bits.
    float[0] = Math.abs(Math.fround(value)) + 0.5;
    return sign | ((bits[0] ?? 0) - 0x3f000000);
  }
  const tie = (magnitude >>> 13) & 1;
  return sign | ((magnitude - 0x38000000 + 0xfff + tie) >>> 13);
}

/** The number that 16 bits of a float16 stand for; exact. */
export function fromFloat16Bits(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (fraction + 1024) * 2 ** (exponent - 25);
}

/** float32 to the bits of float16, rounded to nearest. */
export function narrow(values: Float32Array): Uint16Array<ArrayBuffer> {
  return Uint16Array.from(values, toFloat16Bits);
}

/** The bits of float16 to float32, exact. */
export function widen(halves: Uint16Array): Float32Array<ArrayBuffer> {
  return Float32Array.from(halves, fromFloat16Bits);
}

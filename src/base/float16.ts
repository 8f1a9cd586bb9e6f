/**
 * Conversion between float32, float16 and bfloat16, the latter two as their bits in a `Uint16Array`. The built-in
 * `Float16Array` is hardly faster, and packed weights must not depend on the browser that packed them.
 */

/** Bits of 2^-14, the smallest normal float16. */
const smallestNormal = 0x38800000;
/** Bits of 2^-25: this and anything smaller rounds to zero. */
const halfOfSmallest = 0x33000000;
/** Bits of 65520, the first value that rounds to infinity; the largest float16 is 65504. */
const firstOverflow = 0x477ff000;
/** Bits of 65536, one past the largest exponent of a float16. */
const exponentEnd = 0x47800000;
/** Bits of float32 infinity; anything larger is NaN. */
const infinity = 0x7f800000;

function bitsOf(values: Float32Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length);
}

/**
 * Rounds float32 to float16, to nearest, ties to even (IEEE 754). Magnitudes from 65520 up become infinity (check with
 * `measureForFloat16` first); NaN stays NaN.
 *
 * @param out Destination, at least as long as `values`; allocated by default.
 * @returns `out`
 * @throws RangeError if `out` is too short
 */
export function float32ToFloat16(
  values: Float32Array,
  out: Uint16Array<ArrayBuffer> = new Uint16Array(values.length),
): Uint16Array<ArrayBuffer> {
  if (out.length < values.length) {
    throw new RangeError(`${values.length} values do not fit into ${out.length} halves`);
  }
  const source = bitsOf(values);
  for (let i = 0; i < source.length; i++) {
    const bits = source[i] ?? 0;
    const sign = (bits >>> 16) & 0x8000;
    const size = bits & 0x7fffffff;
    if (size >= smallestNormal && size < exponentEnd) {
      // The exponent is rebased from 127 to 15; a carry out of the mantissa correctly increments it.
      out[i] = sign | ((size - 0x38000000 + 0xfff + ((size >>> 13) & 1)) >>> 13);
    } else if (size <= halfOfSmallest) {
      out[i] = sign;
    } else if (size < smallestNormal) {
      const shift = 126 - (size >>> 23);
      const mantissa = (size & 0x7fffff) | 0x800000;
      out[i] = sign | ((mantissa + (1 << (shift - 1)) - 1 + ((mantissa >>> shift) & 1)) >>> shift);
    } else if (size <= infinity) {
      out[i] = sign | 0x7c00;
    } else {
      out[i] = sign | 0x7e00 | ((size >>> 13) & 0x3ff);
    }
  }
  return out;
}

/** Range of values with respect to float16. */
export interface Float16Fit {
  /** Largest finite magnitude, 0 if there are no finite values. */
  readonly largest: number;
  /** Number of finite values of magnitude 65520 and more, which `float32ToFloat16` turns into infinity. */
  readonly overflowed: number;
  /** Number of values that are infinite or NaN. */
  readonly notFinite: number;
}

/**
 * Counts the values that `float32ToFloat16` would make infinite. One infinite weight turns whole pictures into NaN, and
 * clamping it would change the model, so packers keep such a tensor in float32 or refuse it.
 */
export function measureForFloat16(values: Float32Array): Float16Fit {
  let largest = 0;
  let overflowed = 0;
  let notFinite = 0;
  const source = bitsOf(values);
  for (let i = 0; i < source.length; i++) {
    const size = (source[i] ?? 0) & 0x7fffffff;
    if (size >= infinity) {
      notFinite++;
    } else {
      if (size >= firstOverflow) overflowed++;
      // The bits of positive floats sort as the floats do.
      if (size > largest) largest = size;
    }
  }
  const float = new Float32Array(Uint32Array.of(largest).buffer);
  return { largest: float[0] ?? 0, overflowed, notFinite };
}

let widened: Float32Array | null = null;

/** Lookup table of all 65,536 float16 values (256 kB), computed on first use. */
function widenedHalves(): Float32Array {
  if (widened !== null) return widened;
  const table = new Float32Array(65536);
  for (let half = 0; half < 65536; half++) {
    const sign = half & 0x8000 ? -1 : 1;
    const exponent = (half >>> 10) & 31;
    const mantissa = half & 0x3ff;
    const finite = exponent === 0 ? mantissa * 2 ** -24 : (1024 + mantissa) * 2 ** (exponent - 25);
    table[half] = sign * (exponent < 31 ? finite : mantissa === 0 ? Infinity : NaN);
  }
  widened = table;
  return table;
}

/** Converts float16 (bits) to float32, exactly. */
export function float16ToFloat32(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const table = widenedHalves();
  const values = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) values[i] = table[halves[i] ?? 0] ?? 0;
  return values;
}

/** Converts bfloat16 (bits), the upper half of a float32, to float32, exactly. */
export function bfloat16ToFloat32(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const values = new Float32Array(halves.length);
  const bits = bitsOf(values);
  for (let i = 0; i < halves.length; i++) bits[i] = (halves[i] ?? 0) << 16;
  return values;
}

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bfloat16ToFloat32,
  float16ToFloat32,
  float32ToFloat16,
  measureForFloat16,
} from '../../../src/base/float16.ts';

const toHalf = (value: number) => float32ToFloat16(Float32Array.of(value))[0] ?? -1;
const fromBits = (bits: number) => new Float32Array(Uint32Array.of(bits).buffer)[0] ?? 0;

/** Value of 16 bits by the definition of IEEE 754, without tables. */
function referenceToFloat32(half: number): number {
  const sign = half >= 0x8000 ? -1 : 1;
  const exponent = Math.floor(half / 1024) % 32;
  const mantissa = half % 1024;
  if (exponent === 31) return mantissa === 0 ? sign * Infinity : NaN;
  if (exponent === 0) return sign * (mantissa / 1024) * 2 ** -14;
  return sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
}

/** Nearest float16, found by comparing with all of them; ties go to the even one. */
function referenceToFloat16(value: number): number {
  const sign = Object.is(Math.sign(value), -0) || value < 0 ? 0x8000 : 0;
  const size = Math.abs(value);
  let low = 0;
  let high = 0x7c00;
  // Infinity takes the place of 65536, the next value if there were another exponent.
  const at = (half: number) => (half === 0x7c00 ? 65536 : referenceToFloat32(half));
  if (size >= 65536) return sign + 0x7c00;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (at(middle) <= size) low = middle;
    else high = middle;
  }
  const below = size - at(low);
  const above = at(high) - size;
  return sign + (below < above || (below === above && low % 2 === 0) ? low : high);
}

describe('float16', () => {
  it('converts every half to its IEEE 754 value and back to the same bits', () => {
    const halves = Uint16Array.from({ length: 65536 }, (_, half) => half);
    const wide = float16ToFloat32(halves);
    const back = float32ToFloat16(wide);
    const wrong: number[] = [];
    for (let half = 0; half < 65536; half++) {
      const expected = referenceToFloat32(half);
      if (!Object.is(wide[half], expected)) wrong.push(half);
      const isNaNHalf = (bits: number) => (bits & 0x7c00) === 0x7c00 && (bits & 0x3ff) !== 0;
      const narrowed = back[half] ?? 0;
      if (Number.isNaN(expected) ? !isNaNHalf(narrowed) : narrowed !== half) wrong.push(half);
    }
    expect(wrong).toEqual([]);
  });

  it('rounds to the nearest half: ties to even', () => {
    const wrong: string[] = [];
    for (let half = 0; half < 0x7c00; half++) {
      const low = referenceToFloat32(half);
      const high = half + 1 === 0x7c00 ? 65536 : referenceToFloat32(half + 1);
      // Exact in float32, which has 13 more bits of mantissa.
      const tie = Math.fround((low + high) / 2);
      const values = Float32Array.of(tie, -tie, tie * (1 - 2 ** -20), tie * (1 + 2 ** -20));
      const even = half % 2 === 0 ? half : half + 1;
      const got = [...float32ToFloat16(values)];
      const expected = [even, even + 0x8000, half, half + 1];
      if (got.join() !== expected.join()) wrong.push(`${half}: ${got.join()} for ${expected.join()}`);
    }
    expect(wrong).toEqual([]);
  });

  it('agrees with a search among all halves, for floats with any bits', () => {
    fc.assert(
      fc.property(fc.nat({ max: 0xffffffff }), (bits) => {
        const value = fromBits(bits);
        const half = toHalf(value);
        if (Number.isNaN(value)) expect(referenceToFloat32(half)).toBeNaN();
        else expect(half).toBe(referenceToFloat16(value));
      }),
      { numRuns: 20_000 },
    );
  });

  it('agrees with the search for subnormal halves', () => {
    fc.assert(
      fc.property(fc.double({ min: -(2 ** -13), max: 2 ** -13, noNaN: true }), (value) => {
        expect(toHalf(value)).toBe(referenceToFloat16(Math.fround(value)));
      }),
      { numRuns: 5_000 },
    );
  });

  it('writes into the given array, leaves the rest unchanged, and rejects an array that is too short', () => {
    const out = new Uint16Array(4).fill(7);
    expect(float32ToFloat16(Float32Array.of(1, -2), out)).toBe(out);
    expect([...out]).toEqual([0x3c00, 0xc000, 7, 7]);
    expect(() => float32ToFloat16(new Float32Array(5), out)).toThrow(RangeError);
  });

  it('reads a subarray', () => {
    const values = Float32Array.of(9, 1, 2, 9).subarray(1, 3);
    expect([...float32ToFloat16(values)]).toEqual([0x3c00, 0x4000]);
  });

  it('measureForFloat16 counts the finite values that become infinite', () => {
    const values = Float32Array.of(1, 65504, 65519.99, 65520, -70000, 3e38, Infinity, NaN);
    expect(measureForFloat16(values)).toEqual({ largest: Math.fround(3e38), overflowed: 3, notFinite: 2 });
    expect(measureForFloat16(Float32Array.of(-65519.99, 0.5))).toMatchObject({ overflowed: 0, notFinite: 0 });
    expect(measureForFloat16(new Float32Array(0))).toEqual({ largest: 0, overflowed: 0, notFinite: 0 });
    fc.assert(
      fc.property(fc.array(fc.float()), (list) => {
        const floats = Float32Array.from(list);
        const infinite = [...float32ToFloat16(floats)].filter((half) => (half & 0x7fff) === 0x7c00).length;
        const { overflowed, notFinite } = measureForFloat16(floats);
        const nans = list.filter(Number.isNaN).length;
        expect(overflowed + notFinite).toBe(infinite + nans);
      }),
    );
  });
});

describe('bfloat16', () => {
  it('converts every half exactly: it is the upper half of a float32', () => {
    const wide = bfloat16ToFloat32(Uint16Array.from({ length: 65536 }, (_, half) => half));
    const wrong = [...wide.keys()].filter((half) => !Object.is(wide[half], fromBits(half * 65536)));
    expect(wrong).toEqual([]);
    expect([...bfloat16ToFloat32(Uint16Array.of(0x3f80, 0xc049, 0x7f80))]).toEqual([1, -3.140625, Infinity]);
  });
});

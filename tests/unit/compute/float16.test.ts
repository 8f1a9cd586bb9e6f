import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromFloat16Bits, narrow, toFloat16Bits, widen } from '../../../src/compute/float16.ts';

describe('float16', () => {
  it.each([
    [0, 0x0000],
    [-0, 0x8000],
    [1, 0x3c00],
    [-2, 0xc000],
    [65504, 0x7bff],
    [65519.99, 0x7bff],
    [65520, 0x7c00],
    [-Infinity, 0xfc00],
    [2 ** -14, 0x0400],
    [2 ** -24, 0x0001],
    [2 ** -25, 0x0000], // a tie, to even
    [1.5 * 2 ** -24, 0x0002], // a tie, to even
    [2 ** -14 - 2 ** -26, 0x0400], // rounds up into the normal numbers
    [1 + 2 ** -11, 0x3c00], // a tie, to even
    [1 + 3 * 2 ** -11, 0x3c02], // a tie, to even
    [1 / 3, 0x3555],
  ])('%d is %i in IEEE 754', (value, bits) => {
    expect(toFloat16Bits(value)).toBe(bits);
  });

  it('brings every float16 back unchanged', () => {
    const all = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const back = narrow(widen(all));
    const wrong = all.filter((bits, i) => back[i] !== bits && !Number.isNaN(fromFloat16Bits(bits)));
    expect(wrong).toEqual(new Uint16Array(0));
    expect(fromFloat16Bits(toFloat16Bits(NaN))).toBeNaN();
    expect(fromFloat16Bits(0x7c01)).toBeNaN();
  });

  it('is the nearest of all float16', () => {
    fc.assert(
      fc.property(fc.float({ min: -65504, max: 65504, noNaN: true }), (value) => {
        const bits = toFloat16Bits(value);
        const distance = Math.abs(fromFloat16Bits(bits) - value);
        for (const neighbour of [bits - 1, bits + 1]) {
          const other = fromFloat16Bits(neighbour & 0xffff);
          if (Number.isFinite(other)) expect(distance).toBeLessThanOrEqual(Math.abs(other - value));
        }
      }),
      { numRuns: 1000 },
    );
  });
});

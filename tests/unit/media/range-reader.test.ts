import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RangeReader } from '../../../src/media/range-reader.ts';

const file = Uint8Array.from({ length: 50 }, (_, index) => index);

/** Reads at most `most` bytes at once, as a file system may. */
const readAtMost = (most: number) => (target: Int8Array | Uint8Array, position: number) => {
  const part = file.subarray(position, position + Math.min(most, target.length));
  target.set(part);
  return part.length;
};

const ranges = fc.array(
  fc.tuple(fc.nat(50), fc.nat(50)).map(([a, b]) => ({ begin: Math.min(a, b), end: Math.max(a, b) })),
  { maxLength: 6 },
);

describe('ranges of a file', () => {
  it('read like the bytes of all of them, from any position, in any order', () => {
    const reads = fc.array(fc.tuple(fc.nat(120), fc.nat(60)), { maxLength: 8 });
    fc.assert(
      fc.property(ranges, reads, fc.integer({ min: 1, max: 20 }), (parts, asked, most) => {
        const whole = parts.flatMap(({ begin, end }) => [...file.subarray(begin, end)]);
        const reader = new RangeReader(parts, readAtMost(most));
        for (const [position, length] of asked) {
          const target = new Uint8Array(length);
          const count = reader.read(target, position);
          expect([...target.subarray(0, count)]).toEqual(whole.slice(position, position + length));
        }
      }),
    );
  });

  it('end where the file has become shorter', () => {
    const reader = new RangeReader([{ begin: 40, end: 60 }], readAtMost(50));
    expect(reader.read(new Uint8Array(20), 0)).toBe(10);
  });
});

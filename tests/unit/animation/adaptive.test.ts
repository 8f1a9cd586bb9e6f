import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AdaptiveSampling } from '../../../src/animation/adaptive.ts';
import type { Picture } from '../../../src/base/index.ts';

/** A picture of one grey, 0 … 255. */
function grey(value: number): Picture {
  return { width: 2, height: 2, data: new Uint8ClampedArray(16).fill(value) };
}

/** Positions that are chosen for a segment whose frame at `t` has the grey `greyAt(t)`. */
function chosen(greyAt: (t: number) => number, count: number): number[] {
  const sampling = new AdaptiveSampling(grey(greyAt(0)));
  return Array.from({ length: count }, () => {
    const at = sampling.next();
    sampling.add(at, grey(greyAt(at)));
    return at;
  }).sort((a, b) => a - b);
}

/** Largest difference of neighbouring greys, from the start of the segment on. */
function largestChange(greyAt: (t: number) => number, positions: readonly number[]): number {
  return Math.max(...positions.map((at, index) => Math.abs(greyAt(at) - greyAt(positions[index - 1] ?? 0))));
}

describe('adaptive sampling', () => {
  it('is even where the picture changes evenly, or not at all', () => {
    const even = [0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1];
    expect(chosen((t) => 200 * t, 8)).toEqual(even);
    expect(chosen(() => 7, 8)).toEqual(even);
  });

  it('divides a steep change, wherever it is', () => {
    const eighth = fc.integer({ min: 0, max: 7 });
    fc.assert(
      fc.property(eighth, fc.double({ min: -0.03, max: 0.03, noNaN: true }), (interval, offset) => {
        const middle = (interval + 0.5) / 8 + offset;
        const steep = (t: number) => 200 / (1 + Math.exp(-200 * (t - middle)));
        const even = Array.from({ length: 8 }, (_, index) => (index + 1) / 8);
        expect(largestChange(steep, even)).toBeGreaterThan(195);
        expect(largestChange(steep, chosen(steep, 8))).toBeLessThan(120);
      }),
      { numRuns: 500 },
    );
  });

  it('chooses different positions up to the end, also around a jump that nothing divides', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: 1, max: 60 }),
        (jump, count) => {
          const positions = chosen((t) => (t < jump ? 0 : 255), count);
          expect(new Set(positions).size).toBe(count);
          expect(positions[0]).toBeGreaterThan(0);
          expect(positions.at(-1)).toBe(1);
        },
      ),
    );
  });
});

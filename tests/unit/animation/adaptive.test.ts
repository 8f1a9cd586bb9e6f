import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AdaptiveSampling } from '../../../src/animation/adaptive.ts';
import type { Picture } from '../../../src/base/index.ts';

/** A picture of one grey, 0 … 255. */
function grey(value: number): Picture {
  return { width: 2, height: 2, data: new Uint8ClampedArray(16).fill(value) };
}

/** Frames that are chosen for a segment whose frame at `t` has the grey `greyAt(t)`, in order. */
function chosen(greyAt: (t: number) => number, count: number) {
  const sampling = new AdaptiveSampling(grey(greyAt(0)), count);
  const rendered = new Set<number>();
  for (let frame = 0; frame < count; frame++) {
    const at = sampling.next();
    if (at === null) continue;
    rendered.add(at);
    sampling.add(at, grey(greyAt(at)));
  }
  return sampling
    .frames()
    .map(({ at, picture }) => ({ at, grey: picture.data[0] ?? NaN, isFade: !rendered.has(at) }));
}

/** Largest difference of neighbouring greys, from the start of the segment on. */
function largestChange(start: number, greys: readonly number[]): number {
  return Math.max(...greys.map((value, index) => Math.abs(value - (greys[index - 1] ?? start))));
}

describe('adaptive sampling', () => {
  it('is even where the picture changes evenly, or not at all', () => {
    const even = [0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1];
    for (const greyAt of [(t: number) => 200 * t, () => 7]) {
      const frames = chosen(greyAt, 8);
      expect(frames.map(({ at }) => at)).toEqual(even);
      expect(frames.some(({ isFade }) => isFade)).toBe(false);
    }
  });

  it('divides a steep change, wherever it is', () => {
    const eighth = fc.integer({ min: 0, max: 7 });
    fc.assert(
      fc.property(eighth, fc.double({ min: -0.03, max: 0.03, noNaN: true }), (interval, offset) => {
        const middle = (interval + 0.5) / 8 + offset;
        const steep = (t: number) => 200 / (1 + Math.exp(-200 * (t - middle)));
        const even = Array.from({ length: 8 }, (_, index) => steep((index + 1) / 8));
        expect(largestChange(0, even)).toBeGreaterThan(195);
        const greys = chosen(steep, 8).map((frame) => frame.grey);
        expect(largestChange(0, greys)).toBeLessThan(120);
      }),
      { numRuns: 500 },
    );
  });

  it('cross-fades a jump that nothing divides, in both directions, and renders the rest', () => {
    const jumpAt = fc.double({ min: 0.001, max: 0.999, noNaN: true });
    fc.assert(
      fc.property(jumpAt, fc.integer({ min: 8, max: 60 }), fc.boolean(), (jump, count, falls) => {
        const greyAt = (t: number) => (t < jump === falls ? 240 : 0);
        const frames = chosen(greyAt, count);
        const greys = frames.map((frame) => frame.grey);
        expect(largestChange(greyAt(0), greys)).toBeLessThanOrEqual(60);
        expect(greys).toEqual([...greys].sort((a, b) => (falls ? b - a : a - b)));
        for (const { at, grey, isFade } of frames) if (!isFade) expect(grey).toBe(greyAt(at));
      }),
    );
  });

  it('chooses different positions up to the end', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: 1, max: 60 }),
        (jump, count) => {
          const positions = chosen((t) => (t < jump ? 0 : 255), count).map(({ at }) => at);
          expect(new Set(positions).size).toBe(count);
          expect(positions[0]).toBeGreaterThan(0);
          expect(positions.at(-1)).toBe(1);
        },
      ),
    );
  });

  it('does not fade from a start picture of another size', () => {
    const sampling = new AdaptiveSampling({ width: 1, height: 1, data: new Uint8ClampedArray(4) }, 8);
    for (let frame = 0; frame < 8; frame++) {
      const at = sampling.next();
      expect(at).not.toBeNull();
      sampling.add(at ?? NaN, grey(200));
    }
  });
});

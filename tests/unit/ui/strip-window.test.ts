import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rowWidth, tileLeft, tileStep, windowOf } from '../../../src/ui/strip/window.ts';

describe('the rendered tiles of the strip', () => {
  it('include all visible ones and are bounded in number', () => {
    fc.assert(
      fc.property(
        fc.nat(100_000),
        fc.nat(10_000_000),
        fc.integer({ min: 1, max: 4000 }),
        (tiles, left, width) => {
          const { first, last } = windowOf(tiles, left, width);
          expect(first).toBeGreaterThanOrEqual(0);
          expect(last).toBeLessThanOrEqual(tiles);
          expect(last - first).toBeLessThanOrEqual(Math.max(100, width / tileStep + 70));
          const inView = Math.floor((left + width / 2) / tileStep);
          if (inView < tiles) {
            expect(first).toBeLessThanOrEqual(inView);
            expect(last).toBeGreaterThan(inView);
          } else {
            expect(last).toBe(tiles);
          }
        },
      ),
    );
  });

  it('are positioned as if all were rendered', () => {
    const { first } = windowOf(10_000, 500_000, 1200);
    // The spacer before the first one, and the gap after the spacer.
    expect(rowWidth(first) + (tileStep - 72)).toBe(tileLeft(first));
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { correlation, drawsBetween, oneDraw } from '../../../src/animation/place.ts';
import type { Draws } from '../../../src/animation/place.ts';

/** Noise after any number of legs to fresh noise or to noise that was there before. */
const walks = fc
  .array(fc.record({ frame: fc.nat({ max: 4 }), t: fc.double({ min: 0, max: 1, noNaN: true }) }))
  .map((legs) =>
    legs.reduce<Draws>((draws, { frame, t }) => drawsBetween(draws, oneDraw(1, frame), t), oneDraw(1, 0)),
  );

describe('noise that is the sum of several draws', () => {
  it('keeps its strength, wherever it has been', () => {
    fc.assert(
      fc.property(walks, (draws) => {
        expect(correlation(draws, draws)).toBeCloseTo(1, 9);
      }),
    );
  });

  it('is like the noises that it comes from, and like no other', () => {
    const halfway = drawsBetween(oneDraw(1, 0), oneDraw(1, 1), 0.5);
    expect(correlation(halfway, oneDraw(1, 0))).toBeCloseTo(Math.SQRT1_2, 12);
    expect(correlation(halfway, oneDraw(1, 1))).toBeCloseTo(Math.SQRT1_2, 12);
    expect(correlation(halfway, oneDraw(2, 0))).toBe(0);
  });

  it('is the noise that it reaches', () => {
    fc.assert(
      fc.property(walks, (draws) => {
        const reached = drawsBetween(draws, oneDraw(9, 9), 1);
        expect(correlation(reached, oneDraw(9, 9))).toBe(1);
        expect(correlation(reached, draws)).toBe(0);
      }),
    );
  });
});

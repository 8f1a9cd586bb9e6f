import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { segmentPoints } from '../../../src/diffusion/index.ts';

describe('segmentPoints', () => {
  it('agrees with the original program', () => {
    expect(segmentPoints(4, 0.4).map(({ embedding }) => embedding)).toEqual([0.25, 0.5, 0.75, 1]);
    expect(segmentPoints(4, 0.5).map(({ noise }) => noise)).toEqual([0.125, 0.25, 0.375, 0.5]);
  });

  it('is evenly spaced, ends at the goal, and moves the noise by the noise shift', () => {
    const shift = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), shift, (intermediate, noiseShift) => {
        const points = segmentPoints(intermediate, noiseShift);
        expect(points).toHaveLength(intermediate);
        expect(points.at(-1)).toEqual({ embedding: 1, noise: noiseShift });
        for (const [index, { embedding, noise }] of points.entries()) {
          const before = points[index - 1]?.embedding ?? 0;
          expect(embedding - before).toBeCloseTo(1 / intermediate, 12);
          expect(noise).toBeCloseTo(embedding * noiseShift, 12);
        }
      }),
    );
  });
});

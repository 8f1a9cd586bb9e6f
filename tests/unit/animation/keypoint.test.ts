import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { correlation, mixtureBetween, pureNoise } from '../../../src/animation/keypoint.ts';
import type { NoiseMixture } from '../../../src/animation/keypoint.ts';

/** Noise after any number of segments, each toward fresh noise or back to an earlier one. */
const walks = fc
  .array(fc.record({ frame: fc.nat({ max: 4 }), t: fc.double({ min: 0, max: 1, noNaN: true }) }))
  .map((segments) =>
    segments.reduce<NoiseMixture>(
      (mixture, { frame, t }) => mixtureBetween(mixture, pureNoise(1, frame), t),
      pureNoise(1, 0),
    ),
  );

describe('a noise mixture', () => {
  it('keeps unit variance after any number of segments', () => {
    fc.assert(
      fc.property(walks, (mixture) => {
        expect(correlation(mixture, mixture)).toBeCloseTo(1, 9);
      }),
    );
  });

  it('is correlated with the noises it is made of and with no others', () => {
    const halfway = mixtureBetween(pureNoise(1, 0), pureNoise(1, 1), 0.5);
    expect(correlation(halfway, pureNoise(1, 0))).toBeCloseTo(Math.SQRT1_2, 12);
    expect(correlation(halfway, pureNoise(1, 1))).toBeCloseTo(Math.SQRT1_2, 12);
    expect(correlation(halfway, pureNoise(2, 0))).toBe(0);
  });

  it('is exactly the target noise at t = 1', () => {
    fc.assert(
      fc.property(walks, (mixture) => {
        const reached = mixtureBetween(mixture, pureNoise(9, 9), 1);
        expect(correlation(reached, pureNoise(9, 9))).toBe(1);
        expect(correlation(reached, mixture)).toBe(0);
      }),
    );
  });
});

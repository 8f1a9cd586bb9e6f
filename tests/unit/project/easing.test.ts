import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ease, easingField } from '../../../src/project/index.ts';

const share = fc.double({ min: 0, max: 1, noNaN: true });

describe.each(easingField.options)('easing “$label”', ({ value }) => {
  it('keeps both ends', () => {
    expect([ease(value, 0), ease(value, 1)]).toEqual([0, 1]);
  });

  it('is monotonic and stays between the ends', () => {
    fc.assert(
      fc.property(share, share, (a, b) => {
        const [early, late] = [ease(value, Math.min(a, b)), ease(value, Math.max(a, b))];
        expect(late).toBeGreaterThanOrEqual(early - 1e-15);
        expect(early).toBeGreaterThanOrEqual(0);
        expect(late).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('the easings', () => {
  it('are slow at the ends that their names say', () => {
    expect(ease('linear', 0.25)).toBe(0.25);
    expect([ease('in', 0.1), ease('in-out', 0.1)].every((t) => t < 0.05)).toBe(true);
    expect([ease('out', 0.9), ease('in-out', 0.9)].every((t) => t > 0.95)).toBe(true);
    expect(ease('in-out', 0.5)).toBe(0.5);
  });
});

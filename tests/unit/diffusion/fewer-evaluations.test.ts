import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { guidanceOf, rowsComputed } from '../../../src/diffusion/fewer-evaluations.ts';
import { createSchedule } from '../../../src/diffusion/scheduler.ts';

const stableDiffusion = {
  betaStart: 0.00085,
  betaEnd: 0.012,
  betaSchedule: 'scaled_linear',
  trainTimesteps: 1000,
  prediction: 'epsilon',
  spacing: 'linspace',
  stepsOffset: 0,
} as const;
const sigmasOf = (steps: number) => createSchedule(stableDiffusion, steps).sigmas.slice(0, -1);

describe('guidanceOf', () => {
  it('evaluates both halves in every step by default', () => {
    expect(new Set(guidanceOf(sigmasOf(20), 4))).toEqual(new Set(['full']));
  });

  it('evaluates the conditional half alone without guidance', () => {
    const options = { keptGuidance: { from: 0, every: 2 }, guidanceInterval: { low: 1, high: 5 } };
    expect(new Set(guidanceOf(sigmasOf(20), 1, options))).toEqual(new Set(['none']));
  });

  it('guides only inside the given interval of noise', () => {
    const sigmas = sigmasOf(20);
    const steps = guidanceOf(sigmas, 4, { guidanceInterval: { low: 0.28, high: 5.42 } });
    for (const [index, sigma] of sigmas.entries()) {
      expect(steps[index]).toBe(sigma > 0.28 && sigma <= 5.42 ? 'full' : 'none');
    }
    expect(new Set(steps).size).toBe(2);
  });

  it('reuses guidance after a share of the steps, computing it every nth step', () => {
    expect(guidanceOf(sigmasOf(10), 4, { keptGuidance: { from: 0.4, every: 3 } })).toEqual([
      ...['full', 'full', 'full', 'full'],
      ...['kept', 'kept', 'full', 'kept', 'kept', 'full'],
    ]);
  });

  it('never reuses guidance that was not computed before, whatever the options', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    const options = fc.record({
      keptGuidance: fc.option(fc.record({ from: share, every: fc.integer({ min: 1, max: 6 }) }), {
        nil: undefined,
      }),
      guidanceInterval: fc.option(
        fc.record({ low: fc.constantFrom(0, 0.3, 1), high: fc.constantFrom(2, 5, 20) }),
        { nil: undefined },
      ),
    });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), options, (count, fewer) => {
        const steps = guidanceOf(sigmasOf(count), 4, fewer);
        expect(steps).toHaveLength(count);
        const kept = steps.indexOf('kept');
        if (kept >= 0) expect(steps.slice(0, kept)).toContain('full');
        expect(rowsComputed(steps)).toBeLessThanOrEqual(1);
        expect(rowsComputed(steps)).toBeGreaterThanOrEqual(0.5);
      }),
    );
  });
});

import { describe, expect, it } from 'vitest';
import { Estimate } from '../../../src/animation/estimate.ts';

/** An estimate on a fake clock. */
function onClock() {
  let now = 1_000_000;
  const estimate = new Estimate(() => now);
  return {
    estimate,
    /** Completes `units` units of `milliseconds` each. */
    work: (units: number, milliseconds: number) => {
      for (let unit = 0; unit < units; unit++) {
        now += milliseconds;
        estimate.tick();
      }
    },
  };
}

describe('Estimate', () => {
  it('is null until the rate is known', () => {
    const { estimate, work } = onClock();
    expect(estimate.secondsFor(10)).toBeNull();
    work(1, 500);
    expect(estimate.secondsFor(10)).toBeNull();
    work(1, 500);
    expect(estimate.secondsFor(10)).toBe(5);
  });

  it('is the remaining units at the average rate so far, and 0 for no units', () => {
    const { estimate, work } = onClock();
    work(10, 200);
    work(10, 400);
    expect(estimate.secondsFor(100)).toBeCloseTo(30);
    expect(estimate.secondsFor(0)).toBe(0);
  });

  it('forgets old samples when the rate changes', () => {
    const { estimate, work } = onClock();
    work(1000, 10);
    work(50, 1000);
    expect(estimate.secondsFor(10)).toBeCloseTo(10);
    work(49, 10);
    expect(estimate.secondsFor(50)).toBeCloseTo(1 + 0.49);
  });
});

import { describe, expect, it } from 'vitest';
import { Estimate } from '../../../src/animation/estimate.ts';

/** An estimate on a clock that goes when it is told to. */
function onClock() {
  let now = 1_000_000;
  const estimate = new Estimate(() => now);
  return {
    estimate,
    /** So many units of so many milliseconds each. */
    work: (units: number, milliseconds: number) => {
      for (let unit = 0; unit < units; unit++) {
        now += milliseconds;
        estimate.tick();
      }
    },
  };
}

describe('an estimate', () => {
  it('is none before there is a rate', () => {
    const { estimate, work } = onClock();
    expect(estimate.secondsFor(10)).toBeNull();
    work(1, 500);
    expect(estimate.secondsFor(10)).toBeNull();
    work(1, 500);
    expect(estimate.secondsFor(10)).toBe(5);
  });

  it('is what the rest takes at the rate until now, nothing for nothing', () => {
    const { estimate, work } = onClock();
    work(10, 200);
    work(10, 400);
    expect(estimate.secondsFor(100)).toBeCloseTo(30);
    expect(estimate.secondsFor(0)).toBe(0);
  });

  it('forgets what is long past, when the machine slows down', () => {
    const { estimate, work } = onClock();
    work(1000, 10);
    work(50, 1000);
    expect(estimate.secondsFor(10)).toBeCloseTo(10);
    work(49, 10);
    expect(estimate.secondsFor(50)).toBeCloseTo(1 + 0.49);
  });
});

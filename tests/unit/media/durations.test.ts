import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wholeDurations } from '../../../src/media/durations.ts';

/** Durations of `count` frames of a GIF, in hundredths of a second. */
const even = (count: number, frameRate: number) =>
  wholeDurations(new Array<number>(count).fill(1 / frameRate), 0.01, 2);

describe('wholeDurations', () => {
  it('distributes the rounding of hundredths of a second over the frames', () => {
    expect(even(4, 10)).toEqual([10, 10, 10, 10]);
    expect(even(6, 30)).toEqual([3, 4, 3, 3, 4, 3]);
    expect(even(3, 0.5)).toEqual([200, 200, 200]);
    expect(even(4, 50)).toEqual([2, 2, 2, 2]);
  });

  it('starts every frame and ends the animation within half a unit of the exact time', () => {
    const times = fc.array(fc.double({ min: 0.02, max: 10, noNaN: true }), { minLength: 1, maxLength: 500 });
    fc.assert(
      fc.property(times, (seconds) => {
        const durations = wholeDurations(seconds, 0.01, 2);
        expect(durations).toHaveLength(seconds.length);
        expect(durations.every((duration) => Number.isInteger(duration) && duration >= 2)).toBe(true);
        let [due, start] = [0, 0];
        durations.forEach((duration, frame) => {
          due += 100 * (seconds[frame] ?? 0);
          start += duration;
          expect(Math.abs(start - due)).toBeLessThanOrEqual(0.5 + 1e-6);
        });
      }),
    );
  });

  it('is never below the minimum', () => {
    expect(even(5, 120)).toEqual([2, 2, 2, 2, 2]);
    expect(wholeDurations([1 / 60, 1 / 60, 1 / 60], 0.01, 2)).toEqual([2, 2, 2]);
  });
});

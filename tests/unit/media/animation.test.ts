import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MediaError } from '../../../src/base/index.ts';
import { frameSize, gifDelays } from '../../../src/media/animation.ts';

describe('gifDelays', () => {
  it('spreads what hundredths of a second cannot hold over the frames', () => {
    expect(gifDelays(4, 10)).toEqual([10, 10, 10, 10]);
    expect(gifDelays(6, 30)).toEqual([3, 4, 3, 3, 4, 3]);
    expect(gifDelays(3, 0.5)).toEqual([200, 200, 200]);
    expect(gifDelays(4, 50)).toEqual([2, 2, 2, 2]);
  });

  it('lasts as long as the video, and starts every frame when the video does, to half a hundredth', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500 }),
        fc.double({ min: 0.1, max: 50, noNaN: true }),
        (count, frameRate) => {
          const delays = gifDelays(count, frameRate);
          expect(delays).toHaveLength(count);
          expect(delays.every((delay) => Number.isInteger(delay) && delay >= 2)).toBe(true);
          let start = 0;
          let worst = 0;
          delays.forEach((delay, frame) => {
            worst = Math.max(worst, Math.abs(start - (100 * frame) / frameRate));
            start += delay;
          });
          expect(worst).toBeLessThanOrEqual(0.5 + 1e-6);
          expect(Math.abs(start - (100 * count) / frameRate)).toBeLessThanOrEqual(0.5 + 1e-6);
        },
      ),
    );
  });

  it('never goes below what browsers honour', () => {
    expect(gifDelays(5, 120)).toEqual([2, 2, 2, 2, 2]);
  });
});

describe('frameSize', () => {
  const frame = (width: number, height: number) => ({ width, height });

  it('is the size of every frame', () => {
    expect(frameSize({ sizes: [frame(8, 16), frame(8, 16)] })).toEqual({ width: 8, height: 16 });
  });

  it('names the first frame that differs', () => {
    const frames = [frame(8, 16), frame(8, 16), frame(16, 8)];
    const attempt = () => frameSize({ sizes: frames });
    expect(attempt).toThrow(MediaError);
    expect(attempt).toThrow(/frame 3 is 16 × 8/);
  });

  it('has no answer without frames', () => {
    expect(() => frameSize({ sizes: [] })).toThrow(MediaError);
  });
});

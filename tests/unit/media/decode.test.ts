import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { halve, visiblePart } from '../../../src/media/decode.ts';

const side = fc.integer({ min: 8, max: 60_000 });
const frameSide = fc.integer({ min: 8, max: 256 }).map((eighth) => 8 * eighth);

describe('visiblePart', () => {
  it('crop: has the proportions of the frame, fills one side and is centred', () => {
    fc.assert(
      fc.property(side, side, frameSide, frameSide, (pictureWidth, pictureHeight, width, height) => {
        const part = visiblePart(
          { width: pictureWidth, height: pictureHeight },
          { width, height, fit: 'crop' },
        );
        expect(part.width / part.height).toBeCloseTo(width / height, 6);
        const left = { x: pictureWidth - part.width, y: pictureHeight - part.height };
        expect(Math.min(left.x, left.y)).toBeCloseTo(0, 6);
        expect(Math.min(part.x, part.y)).toBeGreaterThanOrEqual(0);
        expect(2 * part.x).toBeCloseTo(left.x, 6);
        expect(2 * part.y).toBeCloseTo(left.y, 6);
      }),
    );
  });

  it('stretch: is the whole picture', () => {
    const options = { width: 64, height: 512, fit: 'stretch' } as const;
    expect(visiblePart({ width: 300, height: 200 }, options)).toEqual({
      x: 0,
      y: 0,
      width: 300,
      height: 200,
    });
  });
});

describe('halve', () => {
  it('takes whole pairs of pixels inside the picture until less than twice the frame is left', () => {
    fc.assert(
      fc.property(side, fc.double({ min: 0, max: 1, noNaN: true }), frameSide, (total, share, target) => {
        let length = Math.max(8, total * share);
        let start = (total - length) / 2;
        let available = total;
        while (length >= 2 * target) {
          const step = halve(start, length, target);
          expect(step.start).toBeGreaterThanOrEqual(0);
          expect(step.start + step.length).toBeLessThanOrEqual(available);
          expect(step.length).toBeGreaterThan(length - 2);
          expect(step.side).toBeGreaterThanOrEqual(target);
          expect(step.side).toBeLessThanOrEqual(8192);
          if (step.side < 8192) {
            expect(step.length).toBe(2 * step.side);
            expect(Number.isInteger(step.start)).toBe(true);
          }
          start = 0;
          length = step.side;
          available = step.side;
        }
        expect(length).toBeLessThan(2 * target);
      }),
    );
  });
});

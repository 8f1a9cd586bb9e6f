import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { frameSizeFor } from '../../../src/project/index.ts';
import { sequenceOf } from '../../../src/project/sequence.ts';

const sorted = (names: string[]) => sequenceOf(names).order.map((index) => names[index]);

describe('sequenceOf', () => {
  it('sorts numbers in natural order', () => {
    expect(sorted(['0000010.png', '0000009.png', '0000008.png'])).toEqual([
      '0000008.png',
      '0000009.png',
      '0000010.png',
    ]);
    expect(sorted(['frame10.png', 'frame2.png', 'frame1.png'])).toEqual([
      'frame1.png',
      'frame2.png',
      'frame10.png',
    ]);
    expect(sorted(['b/1.png', 'a/10.png', 'a/9.png'])).toEqual(['a/9.png', 'a/10.png', 'b/1.png']);
  });

  it('does not depend on the order of its input, and loses nothing', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.stringMatching(/^[a-c]?\d{0,4}[.]png$/)), fc.nat(), (names, turn) => {
        const turned = names.map((_, i) => names[(i + turn) % names.length] ?? '');
        expect(sorted(turned)).toEqual(sorted(names));
        expect(sequenceOf(names).order.toSorted((a, b) => a - b)).toEqual(names.map((_, i) => i));
      }),
    );
  });

  it('finds the missing numbers of a sequence', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 60 }), { minLength: 1 }), (numbers) => {
        const names = numbers.map((number) => `frames/${String(number).padStart(7, '0')}.png`);
        const missing = sequenceOf(names).missing.flatMap(({ first, last }) =>
          Array.from({ length: last - first + 1 }, (_, i) => first + i),
        );
        const from = Math.min(...numbers);
        const all = Array.from({ length: Math.max(...numbers) - from + 1 }, (_, i) => from + i);
        expect(missing).toEqual(all.filter((number) => !numbers.includes(number)));
      }),
    );
    // The names are not a sequence, so no number is missing.
    expect(sequenceOf(['holiday 1.jpg', 'beach 7.jpg', 'cat.jpg']).missing).toEqual([]);
  });
});

describe('frameSizeFor', () => {
  it('is the size of the picture where that is possible', () => {
    expect(frameSizeFor({ width: 512, height: 384 }, 8)).toEqual({ width: 512, height: 384 });
    expect(frameSizeFor({ width: 4096, height: 1024 }, 8)).toEqual({ width: 2048, height: 512 });
    expect(frameSizeFor({ width: 20, height: 500 }, 8)).toEqual({ width: 64, height: 504 });
  });

  it('is always a valid frame size', () => {
    const side = fc.integer({ min: 8, max: 9000 });
    fc.assert(
      fc.property(side, side, fc.constantFrom(8, 16, 24, 32), (width, height, multiple) => {
        for (const length of Object.values(frameSizeFor({ width, height }, multiple))) {
          expect(length % multiple).toBe(0);
          expect(length).toBeGreaterThanOrEqual(64);
          expect(length).toBeLessThanOrEqual(2048);
        }
      }),
    );
  });
});

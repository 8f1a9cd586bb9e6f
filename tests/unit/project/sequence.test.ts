import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { frameSizeFor } from '../../../src/project/index.ts';
import { sequenceOf } from '../../../src/project/sequence.ts';

const sorted = (names: string[]) => sequenceOf(names).order.map((place) => names[place]);

describe('the order of pictures', () => {
  it('is that in which people number them', () => {
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

  it('is the same whatever order they come in, and loses none', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.stringMatching(/^[a-c]?\d{0,4}[.]png$/)), fc.nat(), (names, turn) => {
        const turned = names.map((_, i) => names[(i + turn) % names.length] ?? '');
        expect(sorted(turned)).toEqual(sorted(names));
        expect(sequenceOf(names).order.toSorted((a, b) => a - b)).toEqual(names.map((_, i) => i));
      }),
    );
  });

  it('is counted by numbers, and what is missing among them is found', () => {
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
    // These are no row, so nothing is missing from it.
    expect(sequenceOf(['holiday 1.jpg', 'beach 7.jpg', 'cat.jpg']).missing).toEqual([]);
  });
});

describe('the size of frames for a picture', () => {
  it('is the picture’s own where it can be', () => {
    expect(frameSizeFor({ width: 512, height: 384 }, 8)).toEqual({ width: 512, height: 384 });
    expect(frameSizeFor({ width: 4096, height: 1024 }, 8)).toEqual({ width: 2048, height: 512 });
    expect(frameSizeFor({ width: 20, height: 500 }, 8)).toEqual({ width: 64, height: 504 });
  });

  it('is always one that frames can have', () => {
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

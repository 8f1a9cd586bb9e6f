import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lengthOf, shotsOf, thinned } from '../../../src/project/index.ts';

const options = fc.record({
  format: fc.constantFrom('gif', 'mp4'),
  frameRate: fc.constantFrom(1, 7, 10, 24, 30, 60),
  holdFirst: fc.constantFrom(0, 0.5, 3),
  holdLast: fc.constantFrom(0, 1, 2.5),
  inBetweens: fc.integer({ min: 0, max: 6 }),
  thereAndBack: fc.boolean(),
  loop: fc.boolean(),
  plays: fc.constantFrom(1, 3),
});
const plain = {
  format: 'gif',
  frameRate: 10,
  holdFirst: 0,
  holdLast: 0,
  inBetweens: 0,
  thereAndBack: false,
  loop: true,
  plays: 1,
} as const;

describe('shotsOf', () => {
  it('lists the pictures in order, each for one frame', () => {
    expect(shotsOf(3, plain)).toEqual(
      [0, 1, 2].map((picture) => ({ picture, next: picture, mix: 0, seconds: 0.1 })),
    );
  });

  it('holds the first and the last picture at their first occurrence', () => {
    const held = shotsOf(3, { ...plain, holdFirst: 1, holdLast: 2, thereAndBack: true, loop: false });
    expect(held.map(({ picture }) => picture)).toEqual([0, 1, 2, 1, 0]);
    expect(held.map(({ seconds }) => seconds)).toEqual([1.1, 0.1, 2.1, 0.1, 0.1]);
  });

  it('omits the return to the first picture where the file plays there and back again', () => {
    const played = (format: 'gif' | 'mp4', plays: number) =>
      shotsOf(3, { ...plain, format, thereAndBack: true, loop: false, plays }).map(({ picture }) => picture);
    expect(played('gif', 3)).toEqual([0, 1, 2, 1]);
    expect(played('gif', 1)).toEqual([0, 1, 2, 1, 0]);
    // A video does not say how often it plays.
    expect(played('mp4', 3)).toEqual([0, 1, 2, 1, 0]);
  });

  it('lists each picture once for an archive, however the animation plays', () => {
    expect(shotsOf(3, { ...plain, format: 'zip', thereAndBack: true })).toEqual(shotsOf(3, plain));
  });

  it('cross-fades back to the first picture in a ping-pong loop', () => {
    const shots = shotsOf(3, { ...plain, inBetweens: 1, thereAndBack: true });
    expect(shots.map(({ picture, next, mix }) => [picture, next, mix])).toEqual([
      [0, 0, 0],
      [0, 1, 0.5],
      [1, 1, 0],
      [1, 2, 0.5],
      [2, 2, 0],
      [2, 1, 0.5],
      [1, 1, 0],
      [1, 0, 0.5],
    ]);
  });

  it('never jumps: each shot starts with the picture that the previous one leads to', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), options, (count, chosen) => {
        const shots = shotsOf(count, chosen);
        shots.forEach(({ picture, next, mix }, at) => {
          expect(mix).toBeGreaterThanOrEqual(0);
          expect(mix).toBeLessThan(1);
          expect(Math.abs(picture - next)).toBeLessThanOrEqual(1);
          expect(mix === 0).toBe(picture === next);
          const following = shots[at + 1];
          if (!following) return;
          if (following.mix > 0) {
            expect(following.picture).toBe(picture);
            expect(following.mix).toBeGreaterThan(mix);
          } else if (mix > 0) {
            expect(following.picture).toBe(next);
          }
        });
        expect(new Set(shots.map(({ picture }) => picture)).size).toBe(count);
      }),
    );
  });

  it('lasts as long as its shots and holds, even when thinned', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        options,
        fc.integer({ min: 1, max: 5 }),
        (count, chosen, every) => {
          const shots = shotsOf(count, chosen);
          const length = shots.length / chosen.frameRate + chosen.holdFirst + chosen.holdLast;
          expect(lengthOf(shots)).toBeCloseTo(length, 9);
          const fewer = thinned(shots, every);
          expect(fewer).toHaveLength(Math.ceil(shots.length / every));
          expect(lengthOf(fewer)).toBeCloseTo(length, 9);
        },
      ),
    );
  });

  it('is empty without pictures', () => {
    expect(shotsOf(0, plain)).toEqual([]);
  });
});

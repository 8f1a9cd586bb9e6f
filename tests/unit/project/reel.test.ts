import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { advance, reelPositions } from '../../../src/project/index.ts';
import type { Playhead, Reel } from '../../../src/project/index.ts';

const reels = fc.record({
  first: fc.constantFrom(0, 1),
  last: fc.integer({ min: 1, max: 12 }),
  loop: fc.boolean(),
  pingPong: fc.boolean(),
});

/** Pictures shown when the reel is played from its first position; at most `pictures`. */
function play(reel: Reel, pictures: number): number[] {
  const seen: number[] = [];
  let head: Playhead | null = { position: reel.first, direction: 1 };
  while (head && seen.length < pictures) {
    seen.push(head.position);
    head = advance(reel, head);
  }
  return seen;
}

describe('a reel', () => {
  it('has the same positions when listed and when played, round after round', () => {
    fc.assert(
      fc.property(reels, (reel) => {
        const round = reelPositions(reel);
        const moves = reel.last > reel.first;
        expect(play(reel, 3 * round.length)).toEqual(
          moves && reel.loop ? [...round, ...round, ...round] : round,
        );
      }),
    );
  });

  it.each([
    [{ loop: true, pingPong: false }, [1, 2, 3]],
    [{ loop: true, pingPong: true }, [1, 2, 3, 2]],
    [{ loop: false, pingPong: true }, [1, 2, 3, 2, 1]],
  ])('%j of three frames', (options, positions) => {
    expect(reelPositions({ first: 1, last: 3, ...options })).toEqual(positions);
  });

  it('advances into range from any position', () => {
    fc.assert(
      fc.property(
        reels,
        fc.nat({ max: 20 }),
        fc.constantFrom(1 as const, -1 as const),
        (reel, position, direction) => {
          const next = advance(reel, { position, direction });
          if (!next) return;
          expect(next.position).toBeGreaterThanOrEqual(reel.first);
          expect(next.position).toBeLessThanOrEqual(reel.last);
        },
      ),
    );
  });
});

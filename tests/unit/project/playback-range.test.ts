import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { advancePlayhead, playbackPositions } from '../../../src/project/index.ts';
import type { Playhead, PlaybackRange } from '../../../src/project/index.ts';

const ranges = fc.record({
  first: fc.constantFrom(0, 1),
  last: fc.integer({ min: 1, max: 12 }),
  loop: fc.boolean(),
  pingPong: fc.boolean(),
});

/** Pictures shown when the range is played from its first position; at most `pictures`. */
function play(range: PlaybackRange, pictures: number): number[] {
  const seen: number[] = [];
  let head: Playhead | null = { position: range.first, direction: 1 };
  while (head && seen.length < pictures) {
    seen.push(head.position);
    head = advancePlayhead(range, head);
  }
  return seen;
}

describe('a playback range', () => {
  it('has the same positions when listed and when played, round after round', () => {
    fc.assert(
      fc.property(ranges, (range) => {
        const round = playbackPositions(range);
        const moves = range.last > range.first;
        expect(play(range, 3 * round.length)).toEqual(
          moves && range.loop ? [...round, ...round, ...round] : round,
        );
      }),
    );
  });

  it.each([
    [{ loop: true, pingPong: false }, [1, 2, 3]],
    [{ loop: true, pingPong: true }, [1, 2, 3, 2]],
    [{ loop: false, pingPong: true }, [1, 2, 3, 2, 1]],
  ])('%j of three frames', (options, positions) => {
    expect(playbackPositions({ first: 1, last: 3, ...options })).toEqual(positions);
  });

  it('advances into range from any position', () => {
    fc.assert(
      fc.property(
        ranges,
        fc.nat({ max: 20 }),
        fc.constantFrom(1 as const, -1 as const),
        (range, position, direction) => {
          const next = advancePlayhead(range, { position, direction });
          if (!next) return;
          expect(next.position).toBeGreaterThanOrEqual(range.first);
          expect(next.position).toBeLessThanOrEqual(range.last);
        },
      ),
    );
  });
});

import type { Shot } from '../formats/index.ts';
import { countsPlays, isStill } from './export-options.ts';
import type { ExportOptions } from './export-options.ts';
import { playbackPositions } from './playback-range.ts';

/**
 * Lists the frames of an exported file with `count` pictures. Each lasts `1 / frameRate` seconds; the first shot, and
 * the last picture when it is first shown, are held longer. In-betweens are inserted between neighbours, and in a
 * ping-pong that repeats also before the first picture. Formats with separate pictures do not repeat them backward.
 */
export function shotsOf(
  count: number,
  options: Pick<
    ExportOptions,
    'format' | 'frameRate' | 'holdFirst' | 'holdLast' | 'inBetweens' | 'thereAndBack' | 'loop' | 'plays'
  >,
): Shot[] {
  const { format, frameRate, holdFirst, holdLast, inBetweens, plays } = options;
  const thereAndBack = options.thereAndBack && !isStill(format);
  const loop = options.loop || (plays > 1 && countsPlays(format));
  const order = playbackPositions({ first: 0, last: count - 1, loop, pingPong: thereAndBack });
  const seconds = 1 / frameRate;
  const turn = order.indexOf(count - 1);
  const wraps = loop && thereAndBack;
  return order.flatMap((picture, at) => {
    const held = (at === 0 ? holdFirst : 0) + (at === turn ? holdLast : 0);
    const shot: Shot = { picture, next: picture, mix: 0, seconds: seconds + held };
    const next = order[at + 1] ?? (wraps ? order[0] : undefined);
    if (next === undefined || next === picture) return [shot];
    const fades = Array.from({ length: inBetweens }, (_, i): Shot => {
      return { picture, next, mix: (i + 1) / (inBetweens + 1), seconds };
    });
    return [shot, ...fades];
  });
}

/** Total duration of shots, in seconds. */
export function lengthOf(shots: readonly Pick<Shot, 'seconds'>[]): number {
  return shots.reduce((sum, { seconds }) => sum + seconds, 0);
}

/**
 * Keeps every `every`-th shot and extends its duration by those of the dropped ones, so that the total stays the same.
 *
 * @param every positive integer
 */
export function thinned(shots: readonly Shot[], every: number): Shot[] {
  return shots.flatMap((shot, at) => {
    if (at % every !== 0) return [];
    return [{ ...shot, seconds: lengthOf(shots.slice(at, at + every)) }];
  });
}

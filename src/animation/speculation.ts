import type { Picture } from '../base/index.ts';
import type { Settings } from '../project/index.ts';
import type { Candidate, RoundInput } from './round.ts';

/** The settings that a round's candidates depend on. */
const deciding = [
  'steps',
  'speed',
  'guidanceScale',
  'positiveScale',
  'negativeScale',
  'repeats',
  'seed',
  'width',
  'height',
  'positivePrompts',
  'negativePrompts',
] as const satisfies readonly (keyof Settings)[];

/** Whether two rounds have the same candidates, because all that they are made from is the same. */
export function isSameRound(a: RoundInput, b: RoundInput): boolean {
  return (
    a.frame === b.frame &&
    a.roll === b.roll &&
    a.batch === b.batch &&
    deciding.every((key) => a.settings[key] === b.settings[key]) &&
    isSamePicture(a.start, b.start) &&
    isSamePicture(originOf(a), originOf(b))
  );
}

function originOf({ start, origin }: RoundInput): Picture {
  return origin ?? start;
}

function isSamePicture(a: Picture, b: Picture): boolean {
  if (a === b) return true;
  if (a.width !== b.width || a.height !== b.height || a.data.length !== b.data.length) return false;
  for (let i = 0; i < a.data.length; i++) if (a.data[i] !== b.data[i]) return false;
  return true;
}

/** The round that follows when a candidate is picked. */
export function roundAfter(round: RoundInput, { picture }: Candidate): RoundInput {
  const { frame, batch, settings } = round;
  return { start: picture, origin: originOf(round), frame: frame + 1, roll: 0, batch, settings };
}

/** Candidates in the order in which they are likely to be picked: the one that is looked at first, then by number. */
export function byLikelihood(
  candidates: readonly Candidate[],
  lookedAt: number | null,
): readonly Candidate[] {
  return candidates.toSorted(
    (a, b) => Number(b.index === lookedAt) - Number(a.index === lookedAt) || a.index - b.index,
  );
}

/** Bytes of the pictures that a round keeps: those that it starts from, and its candidates. */
export function bytesOf({ start, origin, batch, settings: { width, height } }: RoundInput): number {
  return start.data.length + (origin?.data.length ?? 0) + 4 * width * height * batch;
}

/** Something that takes memory; `worth` orders it among others. */
interface Held {
  readonly bytes: number;
  readonly worth: number;
}

/**
 * Which of the things that are kept have to go so that one more fits the limit: those worth least first, and none
 * that is worth as much as the newcomer.
 *
 * @returns null where it does not fit even so
 */
export function makeRoom<H extends Held>(kept: readonly H[], newcomer: Held, limit: number): H[] | null {
  let excess = kept.reduce((sum, { bytes }) => sum + bytes, newcomer.bytes) - limit;
  const leaving: H[] = [];
  for (const one of kept.toSorted((a, b) => a.worth - b.worth)) {
    if (excess <= 0 || one.worth >= newcomer.worth) break;
    leaving.push(one);
    excess -= one.bytes;
  }
  return excess > 0 ? null : leaving;
}

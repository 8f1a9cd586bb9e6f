import type { Picture } from '../base/index.ts';
import type { Settings } from '../project/index.ts';
import type { Candidate, RoundInput } from './round.ts';

/** Settings that determine a round's candidates. */
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

/** True if two rounds have equal inputs, and therefore equal candidates. */
export function isSameRound(a: RoundInput, b: RoundInput): boolean {
  return (
    a.frame === b.frame &&
    a.roll === b.roll &&
    a.batch === b.batch &&
    deciding.every((key) => a.settings[key] === b.settings[key]) &&
    isSamePicture(a.start, b.start) &&
    isSamePicture(originPicture(a), originPicture(b))
  );
}

function originPicture({ start, origin }: RoundInput): Picture {
  return origin ?? start;
}

function isSamePicture(a: Picture, b: Picture): boolean {
  if (a === b) return true;
  if (a.width !== b.width || a.height !== b.height || a.data.length !== b.data.length) return false;
  for (let i = 0; i < a.data.length; i++) if (a.data[i] !== b.data[i]) return false;
  return true;
}

/** The next round, if `candidate` is picked. */
export function roundAfter(round: RoundInput, { picture }: Candidate): RoundInput {
  const { frame, batch, settings } = round;
  return { start: picture, origin: originPicture(round), frame: frame + 1, roll: 0, batch, settings };
}

/** Candidates by likelihood of being picked: the hovered or focused one first, then by index. */
export function byLikelihood(
  candidates: readonly Candidate[],
  lookedAt: number | null,
): readonly Candidate[] {
  return candidates.toSorted(
    (a, b) => Number(b.index === lookedAt) - Number(a.index === lookedAt) || a.index - b.index,
  );
}

/** Bytes of the pictures that a round keeps: its inputs and its candidates. */
export function bytesOf({ start, origin, batch, settings: { width, height } }: RoundInput): number {
  return start.data.length + (origin?.data.length ?? 0) + 4 * width * height * batch;
}

/** An evictable item; `worth` orders items. */
interface Evictable {
  readonly bytes: number;
  readonly worth: number;
}

/**
 * Chooses which kept items to evict so that a new one fits within the limit: least worth first, and none that is worth at
 * least as much as the new one.
 *
 * @returns null if it does not fit even then
 */
export function evictToFit<H extends Evictable>(
  kept: readonly H[],
  newcomer: Evictable,
  limit: number,
): H[] | null {
  let excess = kept.reduce((sum, { bytes }) => sum + bytes, newcomer.bytes) - limit;
  const leaving: H[] = [];
  for (const one of kept.toSorted((a, b) => a.worth - b.worth)) {
    if (excess <= 0 || one.worth >= newcomer.worth) break;
    leaving.push(one);
    excess -= one.bytes;
  }
  return excess > 0 ? null : leaving;
}

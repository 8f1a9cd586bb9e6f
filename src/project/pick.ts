/** Statistics of speculation in one session of picking by hand. */
export interface SpeculationReport {
  /** Ascending indices of the current round's candidates whose next rounds are finished. */
  readonly ready: readonly number[];
  /** Seconds of work done before it was requested, less the time spent waiting for steps of unwanted rounds. */
  readonly savedSeconds: number;
  /** Denoising steps of rounds that were started before they were requested, cancelled rounds included. */
  readonly stepsAhead: number;
}

/** Maximum number of candidates in a round of picking by hand. */
export const largestBatch = 16;

/** Variants per roll in the numbering of variants: more than a round can have. */
const perRoll = 256;

/** Variant number of a candidate's noise key. Candidate 0 of roll 0 has the noise of automatic mode. */
export function variantOf(roll: number, index: number): number {
  return roll * perRoll + index;
}

/** The roll, from 0, that a variant number belongs to. */
export function rollOf(variant: number): number {
  return Math.floor(variant / perRoll);
}

/** Statistics of speculation in one session of picking by hand. */
export interface SpeculationReport {
  /** Ascending indices of the current round's candidates whose next rounds are finished. */
  readonly ready: readonly number[];
  /** Seconds saved: work done before it was requested, less the waits for steps of rounds that were not requested. */
  readonly savedSeconds: number;
  /** Denoising steps of rounds that were started before they were requested, cancelled rounds included. */
  readonly stepsAhead: number;
}

/** Maximum number of candidates in a round of picking by hand. */
export const largestBatch = 16;

/** Variant numbers reserved for each roll; at least `largestBatch`. Part of the noise key, so it must not change. */
const variantsPerRoll = 256;

/** Variant number of a candidate's noise key. Candidate 0 of roll 0 has the noise of automatic mode. */
export function variantOf(roll: number, index: number): number {
  return roll * variantsPerRoll + index;
}

/** The roll, from 0, that a variant number belongs to. */
export function rollOf(variant: number): number {
  return Math.floor(variant / variantsPerRoll);
}

/** What making rounds before they are asked for has come to, in one session of picking by hand. */
export interface SpeculationReport {
  /** The candidates of the round asked for last whose next rounds are there, by their numbers from 0, rising. */
  readonly ready: readonly number[];
  /** Seconds of work that were done before anyone asked for it, less the waiting for steps that nobody wanted. */
  readonly savedSeconds: number;
  /** Denoising steps of rounds that nobody had asked for when they began, also of those that were given up since. */
  readonly stepsAhead: number;
}

/** The most candidates of a round of picking by hand: more than one can choose from at a glance. */
export const largestBatch = 16;

/** Variants are numbered by roll and place, with room for more candidates than any round has. */
const perRoll = 256;

/** The variant of a candidate's noise key. The first candidate of the first roll has the noise of automatic mode. */
export function variantOf(roll: number, index: number): number {
  return roll * perRoll + index;
}

/** How often its round had been rolled again when a variant came up. */
export function rollOf(variant: number): number {
  return Math.floor(variant / perRoll);
}

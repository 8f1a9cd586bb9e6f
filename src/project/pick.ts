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

/** The most candidates of a round of picking by hand: more than one can choose from at a glance. */
export const largestBatch = 16;

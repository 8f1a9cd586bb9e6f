/** One frame of a leg between two variants. */
export interface LegPoint {
  /** How far the embedding is from the leg's start (0) to its goal (1). */
  readonly embedding: number;
  /** How far the noise is from the leg's first noise toward a new one; the last of a leg starts the next. */
  readonly noise: number;
}

/**
 * The frames of one leg of the smooth mode: evenly spaced, the last at the goal. The noise goes only `noiseShift`
 * of the way, so that a leg does not lose the look of its frames (`generate_lerp.py` of the original program).
 *
 * @param intermediate - frames of the leg, at least 1
 * @param noiseShift - 0 … 1
 * @param ease - changes the pace along the leg: from 0 … 1 to 0 … 1, with both ends where they are
 */
export function legPoints(
  intermediate: number,
  noiseShift: number,
  ease: (t: number) => number = (t) => t,
): LegPoint[] {
  return Array.from({ length: intermediate }, (_, index) => {
    const t = ease((index + 1) / intermediate);
    return { embedding: t, noise: t * noiseShift };
  });
}

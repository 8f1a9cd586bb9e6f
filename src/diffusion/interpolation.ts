/** Interpolation parameters of one frame of a segment. */
export interface SegmentPoint {
  /** Position of the embedding between the segment's start (0) and end (1). */
  readonly embedding: number;
  /** Position of the noise between the segment's first noise (0) and fresh noise (1); the last starts the next segment. */
  readonly noise: number;
}

/**
 * Interpolation parameters of a segment's frames: evenly spaced before easing, the last at the end. The noise moves only
 * `noiseShift` of the way, so that frames of a segment keep their look (`generate_lerp.py` of the original program).
 *
 * @param intermediate Number of frames, at least 1.
 * @param noiseShift 0 … 1
 * @param ease Easing function from 0 … 1 to 0 … 1 that keeps both ends.
 */
export function segmentPoints(
  intermediate: number,
  noiseShift: number,
  ease: (t: number) => number = (t) => t,
): SegmentPoint[] {
  return Array.from({ length: intermediate }, (_, index) => {
    const t = ease((index + 1) / intermediate);
    return { embedding: t, noise: t * noiseShift };
  });
}

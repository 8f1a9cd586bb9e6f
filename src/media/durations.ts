/**
 * Moments in whole units from times in seconds: what is rounded off one frame is added to a later one, so that the whole
 * keeps its length to within half a unit.
 *
 * @param unit in seconds
 * @param least the shortest duration in units
 */
export function wholeDurations(seconds: readonly number[], unit: number, least: number): number[] {
  let time = 0;
  let written = 0;
  return seconds.map((length) => {
    time += length;
    const duration = Math.max(least, Math.round(time / unit) - written);
    written += duration;
    return duration;
  });
}

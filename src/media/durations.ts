/**
 * Converts durations to whole units, carrying rounding errors over, so that the total is exact to within half a unit.
 *
 * @param unit Unit in seconds.
 * @param least Minimum duration in units.
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

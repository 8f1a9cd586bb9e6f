/** Values that belong together in a curve, one for each frame; null where there is nothing to compare with. */
export type Series = readonly (number | null)[];

/** The range that curves share: a little more than that of their values, or null without any. */
export function sharedRange(series: readonly Series[]): { low: number; high: number } | null {
  const values = series.flat().filter((value) => value !== null);
  if (values.length === 0) return null;
  const low = Math.min(...values);
  const high = Math.max(...values);
  // Differences smaller than this are noise, and should look flat.
  const spread = Math.max(high - low, 0.01);
  const middle = (low + high) / 2;
  return { low: middle - 0.6 * spread, high: middle + 0.6 * spread };
}

/**
 * The `d` of an SVG path over a field of 100 × 100: values from left to right, greater ones higher up. A frame
 * without a value leaves a gap.
 */
export function curvePath(series: Series, { low, high }: { low: number; high: number }): string {
  const last = Math.max(1, series.length - 1);
  let pen = 'M';
  return series
    .map((value, index) => {
      if (value === null) {
        pen = 'M';
        return '';
      }
      const x = (100 * index) / last;
      const y = 100 * (1 - (value - low) / (high - low));
      const point = `${pen}${x.toFixed(2)} ${y.toFixed(2)}`;
      pen = 'L';
      return point;
    })
    .join('');
}

/** The number of the frame that stands nearest to a place in a field of curves: 0 is its left edge, 1 its right. */
export function frameAt(place: number, frames: number): number {
  return 1 + Math.round(Math.min(1, Math.max(0, place)) * (frames - 1));
}

import type { ExportFormat } from './export-options.ts';

/** Reductions that make an exported file smaller. */
export interface Reduction {
  /** Quality of lossy formats, 0 … 1. */
  readonly quality: number;
  /** Factor on the chosen scale. */
  readonly shrink: number;
  /** Stride: only every `every`-th frame is written. */
  readonly every: number;
}

/** No reduction. */
export const noReduction: Reduction = { quality: 1, shrink: 1, every: 1 };

/** Below this quality, a smaller picture looks better. */
const leastQuality = 0.35;
/** Below this factor, a picture is too small to be of use. */
const leastShrink = 0.1;
/** Maximum stride. */
const mostThinning = 8;

/** Formats with a quality parameter. */
const lossy: readonly ExportFormat[] = ['mp4', 'webm', 'webp'];

/**
 * Chooses the next reduction after a file exceeded `limit` bytes: quality first; then size, or the number of frames if
 * the size is fixed. Each one reduces more than the last. Null if no further reduction is allowed.
 */
export function nextReduction(
  reduction: Reduction,
  {
    format,
    fixedSize,
    bytes,
    limit,
  }: {
    readonly format: ExportFormat;
    readonly fixedSize: boolean;
    readonly bytes: number;
    readonly limit: number;
  },
): Reduction | null {
  const excess = Math.max(1.02, bytes / limit);
  const { quality, shrink, every } = reduction;
  if (lossy.includes(format) && quality > leastQuality) {
    // A file at `leastQuality` has about a fifth of the bytes of one at quality 1.
    const lower = Math.max(leastQuality, quality - Math.max(0.05, 0.4 * Math.log10(excess) * 2));
    return { ...reduction, quality: lower };
  }
  if (!fixedSize) {
    const smaller = shrink * Math.min(0.95, 0.97 / Math.sqrt(excess));
    return smaller < leastShrink ? null : { ...reduction, shrink: smaller };
  }
  const fewer = Math.max(every + 1, Math.min(mostThinning, Math.ceil(every * Math.min(excess, 2))));
  return fewer > mostThinning ? null : { ...reduction, every: fewer };
}

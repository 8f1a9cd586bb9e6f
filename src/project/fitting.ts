import type { ExportFormat } from './export-options.ts';

/** What may give way so that a file keeps a limit in bytes. */
export interface Effort {
  /** Of formats that lose something, from 0 to 1. */
  readonly quality: number;
  /** Times the scale that was chosen. */
  readonly shrink: number;
  /** Only every so many-th frame is written. */
  readonly every: number;
}

export const fullEffort: Effort = { quality: 1, shrink: 1, every: 1 };

/** Below this, a smaller picture looks better than one of lower quality. */
const leastQuality = 0.35;
/** Smaller than this, nobody wants it. */
const leastShrink = 0.1;
const mostThinning = 8;

/** Formats whose quality can be lowered in steps. */
const lossy: readonly ExportFormat[] = ['mp4', 'webm', 'webp'];

/**
 * What to try next after a file has come out larger than `limit` bytes: quality first, then size, or the number of
 * frames where the size is fixed. Each step is smaller than the one before. Null when nothing is left to give.
 */
export function nextEffort(
  effort: Effort,
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
): Effort | null {
  const excess = Math.max(1.02, bytes / limit);
  const { quality, shrink, every } = effort;
  if (lossy.includes(format) && quality > leastQuality) {
    // From 1 to `leastQuality` files become about a fifth as long.
    const lower = Math.max(leastQuality, quality - Math.max(0.05, 0.4 * Math.log10(excess) * 2));
    return { ...effort, quality: lower };
  }
  if (!fixedSize) {
    const smaller = shrink * Math.min(0.95, 0.97 / Math.sqrt(excess));
    return smaller < leastShrink ? null : { ...effort, shrink: smaller };
  }
  const fewer = Math.max(every + 1, Math.min(mostThinning, Math.ceil(every * Math.min(excess, 2))));
  return fewer > mostThinning ? null : { ...effort, every: fewer };
}

import { unknownLikeness } from './past.ts';
import type { Insight, Likeness, PromptEmbeds } from './types.ts';

/** A row that `Compute.clipGuidance` reports, and what else is known of a frame, as what is measured of it. */
export function toInsight(
  report: Float32Array | undefined,
  { positives, negatives }: PromptEmbeds,
  likeness: Likeness = unknownLikeness,
): Insight {
  const [guidance = 1, ...rest] = report ?? [];
  const side = (count: number, value: number | undefined) =>
    count > 0 && value !== undefined ? value : null;
  return {
    guidance,
    positivesBefore: side(positives, rest[0]),
    positivesAfter: side(positives, rest[1]),
    negativesBefore: side(negatives, rest[2]),
    negativesAfter: side(negatives, rest[3]),
    ...likeness,
  };
}

/** Numbers in a row of a report. */
export const reportWidth = 5;

import { unknownLikeness } from './embedding-history.ts';
import type { Insight, FrameLikeness, PromptEmbeds } from './types.ts';

/**
 * Converts a row of the report of `Compute.clipGuidance`, the likenesses of a frame, and the prompts' balance of texture
 * to an `Insight`.
 */
export function toInsight(
  report: Float32Array | undefined,
  { positives, negatives }: PromptEmbeds,
  likeness: FrameLikeness = unknownLikeness,
  texture: number | null = null,
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
    texture,
    ...likeness,
  };
}

/** Length of a row of the report. */
export const reportWidth = 5;

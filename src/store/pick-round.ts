import type { Picture } from '../base/index.ts';
import type { Settings } from '../project/index.ts';
import type { FrameInsight, RoundEvent } from '../protocol/index.ts';

/** A finished variant, which can become the next frame. */
export interface FinishedVariant {
  readonly picture: Picture;
  readonly insight: FrameInsight;
  readonly seconds: number;
  /** Which variant it is: with the seed and its place, its noise. */
  readonly variant: number;
}

/** One of a round's variants, from the moment that the round is begun. */
export interface Variant {
  /** As it sharpens: a small picture. */
  readonly preview: Picture | null;
  /** Null until it is finished. */
  readonly candidate: FinishedVariant | null;
}

/** The round that is on the page. */
export interface Round {
  readonly id: number;
  /** Number of the frame that is being picked, from 1. */
  readonly number: number;
  /** How often it has been rolled again. */
  readonly roll: number;
  readonly phase: 'waiting' | 'making' | 'done';
  readonly variants: readonly Variant[];
  readonly progress: Extract<RoundEvent, { kind: 'progress' }> | null;
  readonly settings: Settings;
}

const nothing: Variant = { preview: null, candidate: null };

/** The variants of a round that has not begun. */
export function blankVariants(count: number): Variant[] {
  return Array.from({ length: count }, () => nothing);
}

/** The variants of a round that was made ahead. */
export function finishedVariants(candidates: readonly FinishedVariant[]): Variant[] {
  return candidates.map((candidate) => ({ preview: null, candidate }));
}

/** A round's variants as they look now, while they are made. */
export function withPreviews({ variants }: Round, pictures: readonly Picture[]): Pick<Round, 'variants'> {
  return {
    variants: variants.map((variant, index) => ({ ...variant, preview: pictures[index] ?? null })),
  };
}

/** A round's variants with one more that is finished; one that was finished before stays. */
export function withFinished(
  { variants }: Round,
  { index, picture, insight, seconds, variant }: Extract<RoundEvent, { kind: 'candidate' }>,
): Pick<Round, 'variants'> {
  const candidate = { picture, insight, seconds, variant };
  return {
    variants: variants.map((each, place) =>
      place === index && !each.candidate ? { preview: null, candidate } : each,
    ),
  };
}

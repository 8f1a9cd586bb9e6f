import type { Picture } from '../base/index.ts';
import type { Settings } from '../project/index.ts';
import type { FrameInsight, RoundEvent } from '../protocol/index.ts';

/** A finished candidate, which can become the next frame. */
export interface FinishedVariant {
  readonly picture: Picture;
  readonly insight: FrameInsight;
  readonly seconds: number;
  /** Variant number of its noise key. */
  readonly variant: number;
}

/** A candidate of a round, finished or not. */
export interface Variant {
  /** Small preview while it is denoised. */
  readonly preview: Picture | null;
  /** Null until it is finished. */
  readonly candidate: FinishedVariant | null;
}

/** The round on the page. */
export interface Round {
  readonly id: number;
  /** Number of the frame that is being picked, from 1. */
  readonly number: number;
  /** Number of times that it was rolled again. */
  readonly roll: number;
  readonly phase: 'waiting' | 'making' | 'done';
  readonly variants: readonly Variant[];
  readonly progress: Extract<RoundEvent, { kind: 'progress' }> | null;
  readonly settings: Settings;
}

const nothing: Variant = { preview: null, candidate: null };

/** Candidates of a round that has not started. */
export function blankVariants(count: number): Variant[] {
  return Array.from({ length: count }, () => nothing);
}

/** Candidates of a round that speculation has finished. */
export function finishedVariants(candidates: readonly FinishedVariant[]): Variant[] {
  return candidates.map((candidate) => ({ preview: null, candidate }));
}

/** Sets the previews of a round's candidates. */
export function withPreviews({ variants }: Round, pictures: readonly Picture[]): Pick<Round, 'variants'> {
  return {
    variants: variants.map((variant, index) => ({ ...variant, preview: pictures[index] ?? null })),
  };
}

/** Sets a finished candidate of a round, unless it is finished already. */
export function withFinished(
  { variants }: Round,
  { index, picture, insight, seconds, variant }: Extract<RoundEvent, { kind: 'candidate' }>,
): Pick<Round, 'variants'> {
  const candidate = { picture, insight, seconds, variant };
  return {
    variants: variants.map((each, at) =>
      at === index && !each.candidate ? { preview: null, candidate } : each,
    ),
  };
}

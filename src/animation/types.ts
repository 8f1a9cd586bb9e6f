import type { Picture } from '../base/index.ts';
import type { DeviceTensor } from '../diffusion/index.ts';
import type { LegStep } from '../project/index.ts';

/** The prompts of an animation as CLIP text embeddings on the device. */
export interface PromptEmbeds {
  /** float32 [positives + negatives, d], unit rows, positives first; null without prompts. */
  readonly text: DeviceTensor | null;
  readonly positives: number;
  readonly negatives: number;
}

/** How like a frame is to those it came of: cosines of their pictures' embeddings, null where nobody computed them. */
export interface Likeness {
  readonly predecessor: number | null;
  /** To the picture that the animation began with. */
  readonly start: number | null;
  /** To the pictures before its predecessor, nearest first, as far back as the run remembers. */
  readonly earlier: readonly number[];
}

/** What is measured about a frame: cosines of CLIP embeddings, null where there is nothing to compare with. */
export interface Insight extends Likeness {
  /** The predecessor's embedding before and after guidance: 1 means guidance did not move it. */
  readonly guidance: number;
  readonly positivesBefore: number | null;
  readonly positivesAfter: number | null;
  readonly negativesBefore: number | null;
  readonly negativesAfter: number | null;
}

export interface Frame {
  /** Which new frame of this run, from 0. */
  readonly index: number;
  readonly picture: Picture;
  readonly insight: Insight;
  readonly seconds: number;
  /** Where it stands between two variants; absent where it is a variant of the frame before. */
  readonly leg?: LegStep;
}

/** Where the making of frames stands. */
export interface Progress {
  /** The frame in the making, or the first of those that are made together. */
  readonly frame: number;
  /** How many are made together; one where it is absent. */
  readonly batch?: number;
  readonly frames: number;
  readonly stage: 'encode' | 'guidance' | 'denoise' | 'decode';
  readonly step: number;
  readonly of: number;
  readonly secondsLeft: number | null;
}

/** Those who watch a run, and may stop it. */
export interface Watch {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Given a small picture of the latents after each step that there is time for. */
  readonly onPreview?: ((frame: number, picture: Picture) => void) | undefined;
}

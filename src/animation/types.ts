import type { Picture } from '../base/index.ts';
import type { DeviceTensor } from '../diffusion/index.ts';
import type { SegmentStep } from '../project/index.ts';

/** CLIP text embeddings of an animation's prompts, on the device. */
export interface PromptEmbeds {
  /** float32 [positives + negatives, d], unit rows, positives first; null without prompts. */
  readonly text: DeviceTensor | null;
  readonly positives: number;
  readonly negatives: number;
}

/** Similarity of a frame to earlier ones: cosines of image embeddings, null if not computed. */
export interface FrameLikeness {
  readonly predecessor: number | null;
  /** To the animation's first picture. */
  readonly start: number | null;
  /** To the frames before the predecessor, most recent first, as far as the run remembers. */
  readonly earlier: readonly number[];
}

/** Measurements of a frame: cosines of CLIP embeddings, null if there is nothing to compare with. */
export interface Insight extends FrameLikeness {
  /** Cosine of the predecessor's embedding before and after guidance: 1 if guidance did not move it. */
  readonly guidance: number;
  readonly positivesBefore: number | null;
  readonly positivesAfter: number | null;
  readonly negativesBefore: number | null;
  readonly negativesAfter: number | null;
  /** Positive minus negative cosine of a picture of noise with the prompts, to compare with; null if not measured. */
  readonly texture: number | null;
}

export interface GeneratedFrame {
  /** Index among the new frames of this run. */
  readonly index: number;
  readonly picture: Picture;
  readonly insight: Insight;
  readonly seconds: number;
  /** Position between two variants; absent if the frame is a variant of the previous one. */
  readonly leg?: SegmentStep;
}

/** Progress of a run. */
export interface Progress {
  /** Index of the frame in progress, or of the first in the batch. */
  readonly frame: number;
  /** Number of frames in progress, default 1. */
  readonly batch?: number;
  readonly frames: number;
  readonly stage: 'encode' | 'guidance' | 'denoise' | 'decode';
  readonly step: number;
  readonly of: number;
  readonly secondsLeft: number | null;
}

/** Callbacks and cancellation of a run. */
export interface Watch {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Called with a preview of the latents, at most once per step; skipped while one is pending. */
  readonly onPreview?: ((frame: number, picture: Picture) => void) | undefined;
}

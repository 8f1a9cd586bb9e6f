import * as v from 'valibot';

/** Measurements of a frame: cosines of CLIP embeddings, null if there is nothing to compare with. */
export const insightSchema = v.object({
  /** Embedding of the predecessor before and after guidance: 1 means guidance did not move it. */
  guidance: v.number(),
  positivesBefore: v.nullable(v.number()),
  positivesAfter: v.nullable(v.number()),
  negativesBefore: v.nullable(v.number()),
  negativesAfter: v.nullable(v.number()),
  /** Positive minus negative cosine of a picture of noise with the prompts, to compare with; null if not measured. */
  texture: v.optional(v.nullable(v.number()), null),
  /** The frame itself and its predecessor. */
  predecessor: v.optional(v.nullable(v.number()), null),
  /** The frame itself and the animation's start picture. */
  start: v.optional(v.nullable(v.number()), null),
  /** The frame itself and the pictures before its predecessor, nearest first, as many as the run keeps. */
  earlier: v.optional(v.pipe(v.array(v.number()), v.readonly()), []),
});
export type FrameInsight = v.InferOutput<typeof insightSchema>;

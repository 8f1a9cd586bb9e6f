import * as v from 'valibot';

/** What is measured about a frame: all are cosines of CLIP embeddings, null where there is nothing to compare with. */
export const insightSchema = v.object({
  /** Embedding of the predecessor before and after guidance: 1 means guidance did not move it. */
  guidance: v.number(),
  positivesBefore: v.nullable(v.number()),
  positivesAfter: v.nullable(v.number()),
  negativesBefore: v.nullable(v.number()),
  negativesAfter: v.nullable(v.number()),
});
export type FrameInsight = v.InferOutput<typeof insightSchema>;

import * as v from 'valibot';

/**
 * The order in which an animation is played. The tree says which frame was made from which; an edited animation
 * (frames deleted, repeated, held or moved) differs from every path of the tree, so its order is kept beside the tree.
 * Its last frame is the tree's leaf: new frames are made from the frame that is seen last.
 */

/** Longest hold, in frame times. */
export const longestHold = 1000;

/** Schema of an entry of the order. */
export const playedFrameSchema = v.object({
  /** Id of the frame in the tree. It may occur more than once. */
  frame: v.pipe(v.number(), v.integer(), v.minValue(1)),
  /** Number of frame times for which it is shown; absent for 1. */
  hold: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(2), v.maxValue(longestHold))),
});
export type PlayedFrame = Readonly<v.InferOutput<typeof playedFrameSchema>>;
export type PlayOrder = readonly PlayedFrame[];

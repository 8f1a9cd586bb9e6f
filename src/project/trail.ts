import * as v from 'valibot';
import { ease } from './easing.ts';
import type { FrameInsight } from './insight.ts';
import type { Settings } from './settings.ts';

const count = v.pipe(v.number(), v.integer(), v.minValue(1));

/** Position of a frame in a segment of smooth mode. */
export const segmentStepSchema = v.object({
  /** From 1 to `of`; the frame with step `of` is the next variant. */
  step: count,
  of: count,
  /** Whether the segment leads back to the animation's first frame. */
  home: v.boolean(),
  /** Position along the segment, if adaptive sampling chose it; otherwise it follows from the easing function. */
  at: v.exactOptional(v.pipe(v.number(), v.gtValue(0), v.maxValue(1))),
});
export type SegmentStep = v.InferOutput<typeof segmentStepSchema>;

/** How a frame was made: the part of a frame's metadata that trails need. */
export interface MadeFrame {
  readonly settings: Settings;
  /** Position in a segment; absent for a variant of the frame before. */
  readonly leg?: SegmentStep | undefined;
  /** Variant number of its noise key; default 0. */
  readonly variant?: number;
  /** Null for an imported picture, which is no variant of another. */
  readonly insight?: FrameInsight | null;
}

/**
 * How a frame's embedding and noise are computed, so that an animation continues from it as if it had never stopped.
 * Both are a chain of interpolations: the first entry's value, then for each further entry a step by the share `t`, in
 * 0 … 1, toward that entry's value. Interpolated noise is renormalised.
 */
export interface Trail<P> {
  /** The value of an entry is the picture's embedding after guidance with the settings. */
  readonly embedding: readonly { readonly picture: P; readonly settings: Settings; readonly t: number }[];
  /** The value of an entry is the noise of a noise key; frames count from 0. */
  readonly noise: readonly {
    readonly seed: number;
    readonly frame: number;
    readonly variant: number;
    readonly t: number;
  }[];
}

/** Random access to a list: the part of an array's interface that trails need. */
export interface RandomAccess<T> {
  readonly length: number;
  at(index: number): T | undefined;
}

/**
 * Computes the trail of a frame.
 *
 * @param pictures the start picture, then those of all frames
 * @param frames all frames, without the start picture
 * @param position position of the frame, from 1
 * @throws RangeError if there is no such frame, or a segment on the way to it has no start
 */
export function trailTo<P>(
  pictures: RandomAccess<P>,
  frames: RandomAccess<MadeFrame>,
  position: number,
): Trail<P> {
  /** The frame at an index from 0, with the picture before it, of which it is a variant unless it is in a segment. */
  const made = (at: number) => {
    const [picture, frame] = at < 0 ? [] : [pictures.at(at), frames.at(at)];
    if (picture === undefined || frame === undefined) throw new RangeError(`there is no frame ${at + 1}`);
    return { ...frame, picture };
  };
  // Go back along the segments to the last frame outside of one, then forward again.
  const ends: { begin: number; end: number; leg: SegmentStep }[] = [];
  let root = position;
  for (let { leg } = made(root - 1); leg; { leg } = made(root - 1)) {
    ends.push({ begin: root - leg.step, end: root, leg });
    root -= leg.step;
  }

  const variant = (at: number): Trail<P> => {
    const { picture, settings, insight, variant = 0 } = made(at - 1);
    const noise = [{ seed: settings.seed, frame: at - 1, variant, t: 1 }];
    const own = insight === null ? pictures.at(at) : undefined;
    // An imported picture has its own embedding, without guidance (0 repeats).
    if (own !== undefined) {
      return { embedding: [{ picture: own, settings: { ...settings, repeats: 0 }, t: 1 }], noise };
    }
    return { embedding: [{ picture, settings, t: 1 }], noise };
  };
  return ends.reverse().reduce<Trail<P>>((trail, { begin, end, leg }) => {
    const { settings } = made(end - 1);
    const along = leg.at ?? ease(settings.easing, leg.step / leg.of);
    const picture = begin < 0 ? undefined : pictures.at(begin);
    if (picture === undefined) throw new RangeError(`there is no frame ${begin}`);
    const goal: Trail<P> = leg.home
      ? variant(1)
      : {
          embedding: [{ picture, settings, t: 1 }],
          noise: [{ seed: settings.seed, frame: begin, variant: 0, t: 1 }],
        };
    return {
      embedding: extendTrail(trail.embedding, goal.embedding, along),
      noise: extendTrail(trail.noise, goal.noise, leg.home ? along : along * settings.noiseShift),
    };
  }, variant(root));
}

/** Extends a trail by the share `t` toward `goal`. With `t` = 1 the goal is reached, and replaces the trail. */
export function extendTrail<T extends { readonly t: number }>(
  trail: readonly T[],
  goal: readonly T[],
  t: number,
): readonly T[] {
  if (t === 1) return goal;
  return [...trail, ...goal.map((entry) => ({ ...entry, t }))];
}

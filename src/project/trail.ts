import * as v from 'valibot';
import { ease } from './easing.ts';
import type { FrameInsight } from './insight.ts';
import type { Settings } from './settings.ts';

const count = v.pipe(v.number(), v.integer(), v.minValue(1));

/** Where a frame stands on the way from one variant to the next. */
export const segmentStepSchema = v.object({
  /** From 1; the frame with step `of` is the next variant. */
  step: count,
  of: count,
  /** The way leads back to the animation's first frame. */
  home: v.boolean(),
});
export type SegmentStep = v.InferOutput<typeof segmentStepSchema>;

/** What is known of a frame besides its picture. */
export interface MadeFrame {
  readonly settings: Settings;
  /** Absent for a variant of the frame before. */
  readonly leg?: SegmentStep | undefined;
  /** Which of the variants of its round; 0 where there is one. */
  readonly variant?: number;
  /** Null for a picture that was brought in: it is a variant of nothing. */
  readonly insight?: FrameInsight | null;
}

/**
 * How the embedding and the noise of a frame came about, so that an animation can go on from there as if it had
 * never stopped. Both begin with the first entry and go, entry by entry, the share `t` of the way to the next;
 * noise is renormalised on the way.
 */
export interface Trail<P> {
  /** Each leads toward the embedding of a picture after guidance. */
  readonly embedding: readonly { readonly picture: P; readonly settings: Settings; readonly t: number }[];
  /** Each leads toward the noise of a seed for a variant of a frame, counted from 0. */
  readonly noise: readonly {
    readonly seed: number;
    readonly frame: number;
    readonly variant: number;
    readonly t: number;
  }[];
}

/** A list, as far as this asks: an array, or anything else with a length and items by their places. */
export interface Indexed<T> {
  readonly length: number;
  at(index: number): T | undefined;
}

/**
 * The trail that leads to a frame.
 *
 * @param pictures - the start picture, then all frames
 * @param frames - all frames, without the start picture
 * @param position - of the frame, from 1
 * @throws RangeError when there is no such frame, or one stands on a leg that begins nowhere
 */
export function trailTo<P>(pictures: Indexed<P>, frames: Indexed<MadeFrame>, position: number): Trail<P> {
  /** A frame, counted from 0, and the picture that it is a variant of where it stands on no leg. */
  const made = (at: number) => {
    const [picture, frame] = at < 0 ? [] : [pictures.at(at), frames.at(at)];
    if (picture === undefined || frame === undefined) throw new RangeError(`there is no frame ${at + 1}`);
    return { ...frame, picture };
  };
  // From the frame back along its legs to the last plain variant, then forward again.
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
    // What no model made stands at its own embedding, which no guidance has moved.
    if (own !== undefined) {
      return { embedding: [{ picture: own, settings: { ...settings, repeats: 0 }, t: 1 }], noise };
    }
    return { embedding: [{ picture, settings, t: 1 }], noise };
  };
  return ends.reverse().reduce<Trail<P>>((trail, { begin, end, leg }) => {
    const { settings } = made(end - 1);
    const along = ease(settings.easing, leg.step / leg.of);
    const picture = begin < 0 ? undefined : pictures.at(begin);
    if (picture === undefined) throw new RangeError(`there is no frame ${begin}`);
    const goal: Trail<P> = leg.home
      ? variant(1)
      : {
          embedding: [{ picture, settings, t: 1 }],
          noise: [{ seed: settings.seed, frame: begin, variant: 0, t: 1 }],
        };
    return {
      embedding: toward(trail.embedding, goal.embedding, along),
      noise: toward(trail.noise, goal.noise, leg.home ? along : along * settings.noiseShift),
    };
  }, variant(root));
}

/** The way so far, and the share `t` of the way to a goal; what was before a goal that is reached does not matter. */
export function toward<T extends { readonly t: number }>(
  trail: readonly T[],
  goal: readonly T[],
  t: number,
): readonly T[] {
  if (t === 1) return goal;
  return [...trail, ...goal.map((entry) => ({ ...entry, t }))];
}

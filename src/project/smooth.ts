import * as v from 'valibot';
import { settingsSchema } from './settings.ts';
import type { Settings } from './settings.ts';
import { toward, trailTo } from './trail.ts';
import type { Indexed, SegmentStep, MadeFrame, Trail } from './trail.ts';

/** What a run of smooth mode makes. `P` is a picture. */
export interface SmoothPlan<P> {
  /** What the first leg begins at; null where there is no frame yet: the run begins with a variant of `source`. */
  readonly from: Trail<P> | null;
  /** The picture that the first leg's goal, or else the first frame, is a variant of. */
  readonly source: P;
  /** Frames that the animation has, those of the first leg included. */
  readonly firstFrame: number;
  /** Frames of the first leg that are there already. */
  readonly done: number;
  /** Legs to new variants, the one that is begun included. */
  readonly legs: number;
  /** Whether a leg home follows. */
  readonly closes: boolean;
  /** Where home is; null where the run's own first frame is. */
  readonly home: Trail<P> | null;
}

/**
 * What the next run of smooth mode makes, from all pictures and frames of an animation. A leg that was stopped on its
 * way is finished first, as long as nothing has changed that it is made from; else the next leg begins where the
 * animation ends.
 *
 * @param pictures - the start picture, then all frames
 */
export function planSmooth<P>(
  start: P,
  frames: Indexed<MadeFrame & { readonly picture: P }>,
  settings: Settings,
): SmoothPlan<P> {
  const pictures: Indexed<P> = {
    length: frames.length + 1,
    at: (position) => (position === 0 ? start : frames.at(position - 1)?.picture),
  };
  const firstFrame = frames.length;
  const begun = begunLeg(frames.at(-1), settings);
  const done = begun?.step ?? 0;
  const begin = firstFrame - done;
  return {
    from: begin > 0 ? trailTo(pictures, frames, begin) : null,
    source: pictures.at(begin) ?? start,
    firstFrame,
    done,
    legs: begun?.home ? 0 : settings.frames,
    closes: settings.closeLoop,
    home: settings.closeLoop && firstFrame > 0 ? trailTo(pictures, frames, 1) : null,
  };
}

/** What is left of a plan once its next frame is there. */
export function planAfter<P>(
  plan: SmoothPlan<P>,
  { picture, leg }: { readonly picture: P; readonly leg?: SegmentStep | undefined },
  settings: Settings,
): SmoothPlan<P> {
  const { from, source, done, legs, closes, home } = plan;
  const firstFrame = plan.firstFrame + 1;
  if (leg && leg.step < leg.of) return { ...plan, firstFrame, done: leg.step };
  const begin = plan.firstFrame - done;
  const embedding = [{ picture: source, settings, t: 1 }];
  const noise = [{ seed: settings.seed, frame: begin, variant: 0, t: 1 }];
  const reached = { embedding, noise: from ? toward(from.noise, noise, settings.noiseShift) : noise };
  return {
    from: reached,
    source: picture,
    firstFrame,
    done: 0,
    legs: from && !leg?.home ? legs - 1 : legs,
    closes: closes && !leg?.home,
    home: home ?? (closes ? (from ?? reached) : null),
  };
}

/** How many frames a plan comes to. */
export function framesToMake(
  { from, legs, closes, done }: Pick<SmoothPlan<unknown>, 'from' | 'legs' | 'closes' | 'done'>,
  { intermediate }: Settings,
): number {
  return (from ? 0 : 1) + (legs + (closes ? 1 : 0)) * intermediate - done;
}

/** Settings that say how many frames are made, how they play or how they are computed, and not what they are. */
const idle = new Set<keyof Settings>(['frames', 'frameRate', 'smoothFrameRate', 'batchSize', 'closeLoop']);
const decisive = v.keyof(settingsSchema).options.filter((key) => !idle.has(key));

/** The leg that the last frame stands on, if it can be finished as it was begun. */
function begunLeg(last: MadeFrame | undefined, settings: Settings): SegmentStep | null {
  if (!last?.leg || last.leg.step === last.leg.of) return null;
  if (last.leg.home && !settings.closeLoop) return null;
  return decisive.every((key) => last.settings[key] === settings[key]) ? last.leg : null;
}

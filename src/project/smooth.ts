import * as v from 'valibot';
import { settingsSchema } from './settings.ts';
import type { Settings } from './settings.ts';
import { extendTrail, trailTo } from './trail.ts';
import type { RandomAccess, SegmentStep, MadeFrame, Trail } from './trail.ts';

/** What a run of smooth mode makes. `P` is a picture. */
export interface SmoothPlan<P> {
  /** Trail to the start of the first segment; null if the animation has no frames, so that the run first makes one. */
  readonly from: Trail<P> | null;
  /** The picture of which the goal of the first segment (without `from`: the first frame) is a variant. */
  readonly source: P;
  /** Number of frames that exist, those of an unfinished segment included. */
  readonly firstFrame: number;
  /** Number of frames of the first segment that exist. */
  readonly done: number;
  /** Number of segments to new variants, an unfinished one included. */
  readonly segments: number;
  /** Whether a segment back to the animation's first frame follows, or is unfinished. */
  readonly closes: boolean;
  /** Trail to the animation's first frame; null if the run makes that frame itself or does not close the loop. */
  readonly home: Trail<P> | null;
}

/**
 * Plans the next run of smooth mode. An unfinished segment is finished first if all settings that determine its frames
 * are unchanged; otherwise the next segment starts at the last frame.
 *
 * @param start the start picture
 * @param frames all frames of the animation
 */
export function planSmooth<P>(
  start: P,
  frames: RandomAccess<MadeFrame & { readonly picture: P }>,
  settings: Settings,
): SmoothPlan<P> {
  const pictures: RandomAccess<P> = {
    length: frames.length + 1,
    at: (position) => (position === 0 ? start : frames.at(position - 1)?.picture),
  };
  const firstFrame = frames.length;
  const begun = begunSegment(frames.at(-1), settings);
  const done = begun?.step ?? 0;
  const begin = firstFrame - done;
  return {
    from: begin > 0 ? trailTo(pictures, frames, begin) : null,
    source: pictures.at(begin) ?? start,
    firstFrame,
    done,
    segments: begun?.home ? 0 : settings.frames,
    closes: settings.closeLoop,
    home: settings.closeLoop && firstFrame > 0 ? trailTo(pictures, frames, 1) : null,
  };
}

/** The remaining plan after its next frame has been made. */
export function planAfter<P>(
  plan: SmoothPlan<P>,
  { picture, leg }: { readonly picture: P; readonly leg?: SegmentStep | undefined },
  settings: Settings,
): SmoothPlan<P> {
  const { from, source, done, segments, closes, home } = plan;
  const firstFrame = plan.firstFrame + 1;
  if (leg && leg.step < leg.of) return { ...plan, firstFrame, done: leg.step };
  const begin = plan.firstFrame - done;
  const embedding = [{ picture: source, settings, t: 1 }];
  const noise = [{ seed: settings.seed, frame: begin, variant: 0, t: 1 }];
  const reached = { embedding, noise: from ? extendTrail(from.noise, noise, settings.noiseShift) : noise };
  return {
    from: reached,
    source: picture,
    firstFrame,
    done: 0,
    segments: from && !leg?.home ? segments - 1 : segments,
    closes: closes && !leg?.home,
    home: home ?? (closes ? (from ?? reached) : null),
  };
}

/** Number of frames that a plan makes. */
export function framesToMake(
  { from, segments, closes, done }: Pick<SmoothPlan<unknown>, 'from' | 'segments' | 'closes' | 'done'>,
  { intermediate }: Settings,
): number {
  return (from ? 0 : 1) + (segments + (closes ? 1 : 0)) * intermediate - done;
}

/** Settings that do not affect the pixels of a frame: number of frames, playback and batching. */
const idle = new Set<keyof Settings>(['frames', 'frameRate', 'smoothFrameRate', 'batchSize', 'closeLoop']);
const decisive = v.keyof(settingsSchema).options.filter((key) => !idle.has(key));

/** Step of the last frame in an unfinished segment; null if there is none or it cannot be continued. */
function begunSegment(last: MadeFrame | undefined, settings: Settings): SegmentStep | null {
  if (!last?.leg || last.leg.step === last.leg.of) return null;
  if (last.leg.home && !settings.closeLoop) return null;
  return decisive.every((key) => last.settings[key] === settings[key]) ? last.leg : null;
}

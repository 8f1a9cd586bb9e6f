/** What is known of each frame of an animation, in order: cosines, null where there is nothing to compare with. */
export interface Trace {
  /** Of the embedding that the frame was made of, before guidance: its predecessor's. */
  readonly positivesBefore: number | null;
  readonly negativesBefore: number | null;
  readonly predecessor: number | null;
  readonly start: number | null;
  /** To the pictures before its predecessor, nearest first. */
  readonly earlier: readonly number[];
}

/** What is known of all frames: an array, or anything else of which a part can be had without the rest. */
export interface TraceList {
  readonly length: number;
  slice(start: number, end?: number): readonly Trace[];
}

/** Of a frame that was not measured: one that was brought in from elsewhere. */
export const unmeasured: Trace = {
  positivesBefore: null,
  negativesBefore: null,
  predecessor: null,
  start: null,
  earlier: [],
};

/**
 * The ways in which a chain of frames gets stuck: frames no longer change (`still`), they change but keep returning
 * to where they were (`circling`), or they lose what they began with and go away from the prompts (`texture`).
 */
export type StuckKind = 'still' | 'circling' | 'texture';

/** What helps: guidance that moves frames further, other noise, or another way from an earlier frame. */
export type StuckOffer = 'guidance' | 'seed' | 'back';

export interface Stuck {
  readonly kind: StuckKind;
  /** The last frame, counted from 1, before the chain got stuck; 0 is the start picture. */
  readonly before: number;
  /** What helps, the most promising first. */
  readonly offers: readonly StuckOffer[];
}

/** Pictures whose embeddings are at least this much alike show the same. */
const same = 0.985;
/** How much more a frame is like an earlier one than like its predecessor, where it has really left and come back. */
const away = 0.01;
/** In so many frames that show the same, nothing changes. */
const stillSpan = 8;
/** Of so many frames in a row so many come back to earlier ones, where a chain goes round in circles. */
const circlingSpan = 12;
const returnsWhenCircling = 9;
/** So many frames are compared with as many at the beginning. */
const textureSpan = 8;
/** How far the balance of the prompts has to sink: half of what lies between a photograph and a texture in CLIP. */
const sunk = 0.03;
/** The share of its likeness to the start that a chain keeps as long as the start is not lost. */
const kept = 0.75;

/**
 * Whether an animation is stuck at its last frame, and in which way. Frames that were not measured, as those of smooth
 * mode, are never stuck, and neither is an animation of fewer than eight frames.
 */
export function findStuck(trace: TraceList): Stuck | null {
  const prompts = trace.slice(-circlingSpan).some((frame) => balanceOf(frame) !== null);
  const offers = (...wanted: StuckOffer[]) => wanted.filter((offer) => offer !== 'guidance' || prompts);
  if (standsStill(trace)) {
    return { kind: 'still', before: trace.length - stillSpan, offers: offers('guidance', 'seed', 'back') };
  }
  if (isCircling(trace)) {
    return {
      kind: 'circling',
      before: trace.length - circlingSpan,
      offers: offers('guidance', 'seed', 'back'),
    };
  }
  const lost = textureSince(trace);
  if (lost !== null) return { kind: 'texture', before: lost, offers: offers('guidance', 'back', 'seed') };
  return null;
}

/** The last frames all show the same: each is like the one before, and the last is like all of them. */
function standsStill(trace: TraceList): boolean {
  const frames = trace.slice(-stillSpan);
  const last = frames.at(-1);
  if (!last || frames.length < stillSpan) return false;
  // Steps may be small and lead somewhere, so it is not enough that each is like its predecessor.
  const others = last.earlier.slice(0, stillSpan - 2);
  return (
    others.length === stillSpan - 2 &&
    others.every((value) => value >= same) &&
    frames.slice(1).every(({ predecessor }) => predecessor !== null && predecessor >= same)
  );
}

/** Most of the last frames show what earlier ones showed, and not what the one before shows. */
function isCircling(trace: TraceList): boolean {
  const frames = trace.slice(-circlingSpan);
  if (frames.length < circlingSpan) return false;
  const returns = frames.filter(({ predecessor, earlier }) => {
    const most = Math.max(...earlier);
    return predecessor !== null && most >= same && most >= predecessor + away;
  });
  return returns.length >= returnsWhenCircling;
}

/**
 * The last frame that was still as good as those at the beginning, where the latest ones are further from the positive
 * prompts, or nearer to the negative ones, than any of those, and have lost the start besides; else null.
 */
function textureSince(trace: TraceList): number | null {
  if (trace.length < 2 * textureSpan) return null;
  const early = trace.slice(0, textureSpan);
  const late = trace.slice(-textureSpan);
  const balances = (frames: readonly Trace[]) => allKnown(frames.map(balanceOf));
  const starts = (frames: readonly Trace[]) => allKnown(frames.map(({ start }) => start));
  const [first, now] = [balances(early), balances(late)];
  const [near, far] = [starts(early), starts(late)];
  if (!first || !now || !near || !far) return null;
  const floor = Math.min(...first);
  const isLost = mean(now) <= mean(first) - sunk && Math.max(...now) < floor && mean(far) < kept * mean(near);
  if (!isLost) return null;
  let good = trace.length - 1;
  while (good >= 0 && balanceOfPlace(trace, good) < floor) good--;
  return good;
}

/** How much more a picture is like the positive prompts than like the negative ones; null without any prompts. */
function balanceOf({ positivesBefore, negativesBefore }: Trace): number | null {
  if (positivesBefore === null && negativesBefore === null) return null;
  return (positivesBefore ?? 0) - (negativesBefore ?? 0);
}

function balanceOfPlace(trace: TraceList, place: number): number {
  const [frame = unmeasured] = trace.slice(place, place + 1);
  return balanceOf(frame) ?? -Infinity;
}

function allKnown(values: readonly (number | null)[]): number[] | null {
  const known = values.filter((value) => value !== null);
  return known.length === values.length ? known : null;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

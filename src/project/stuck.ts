/** Measurements of one frame: cosines of CLIP embeddings, null if there is nothing to compare with. */
export interface Trace {
  /** Mean cosines of the predecessor's embedding, before guidance, with the prompts. */
  readonly positivesBefore: number | null;
  readonly negativesBefore: number | null;
  /** Balance of a picture of noise with the same prompts. */
  readonly texture: number | null;
  readonly predecessor: number | null;
  readonly start: number | null;
  /** Cosines with the pictures before its predecessor, nearest first. */
  readonly earlier: readonly number[];
}

/** Measurements of all frames, in order: an array, or a list that computes a slice on demand. */
export interface TraceList {
  readonly length: number;
  slice(start: number, end?: number): readonly Trace[];
}

/** Trace of a frame without measurements, such as an imported picture. */
export const unmeasuredTrace: Trace = {
  positivesBefore: null,
  negativesBefore: null,
  texture: null,
  predecessor: null,
  start: null,
  earlier: [],
};

/**
 * Ways in which an animation gets stuck: frames no longer change (`still`), they change but keep returning to earlier
 * ones (`circling`), or they lose likeness to the start and move away from the prompts (`texture`).
 */
export type StuckKind = 'still' | 'circling' | 'texture';

/** Remedies: stronger guidance, another seed, or going back to an earlier frame. */
export type StuckOffer = 'guidance' | 'seed' | 'back';

/** Result of `findStuck`. */
export interface Stuck {
  readonly kind: StuckKind;
  /** Position of the last frame before the animation got stuck, from 1; 0 is the start picture. */
  readonly before: number;
  /** Remedies, most promising first. */
  readonly offers: readonly StuckOffer[];
}

/** Minimum cosine of pictures that show the same. */
const same = 0.985;
/** A frame returns to an earlier one if its cosine with it exceeds that with its predecessor by at least this. */
const away = 0.01;
/** Number of frames that must show the same for `still`. */
const stillSpan = 8;
/** Number of last frames examined for `circling`, and how many of them must return to earlier ones. */
const circlingSpan = 12;
const returnsWhenCircling = 9;
/** Number of last frames that are compared with as many first ones for `texture`. */
const textureSpan = 8;
/** Minimum drop of the prompt balance for `texture`: half the difference between a photograph and a texture in CLIP ViT-L. */
const sunk = 0.03;
/**
 * Share of the first frames' distance from noise, in prompt balance, that must be gone for `texture`. It adapts `sunk` to
 * models whose cosines vary more: those of the built-in model differ by 0.2 between clean scenes.
 */
const sunkShare = 0.5;
/** The start counts as lost if likeness to it is below this share of the first frames' likeness. */
const kept = 0.75;

/**
 * Detects whether an animation is stuck at its last frame; null if not. Animations with fewer than eight frames, and
 * frames without measurements, are never stuck.
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

/** Whether the last frames all show the same: each is like its predecessor, and the last is like all of them. */
function standsStill(trace: TraceList): boolean {
  const frames = trace.slice(-stillSpan);
  const last = frames.at(-1);
  if (!last || frames.length < stillSpan) return false;
  // Small steps can add up to a change, so likeness to the predecessor alone is not enough.
  const others = last.earlier.slice(0, stillSpan - 2);
  return (
    others.length === stillSpan - 2 &&
    others.every((value) => value >= same) &&
    frames.slice(1).every(({ predecessor }) => predecessor !== null && predecessor >= same)
  );
}

/** Whether most of the last frames are like earlier ones, and less like their predecessors. */
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
 * Detects `texture`: the prompt balance of the last frames is below that of all first ones, and the start is lost.
 * Returns the index of the last frame whose balance reaches the first ones' minimum; null if it is not detected.
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
  const noise = late.at(-1)?.texture ?? null;
  const drop = noise === null ? sunk : Math.max(sunk, sunkShare * (mean(first) - noise));
  const isLost = mean(now) <= mean(first) - drop && Math.max(...now) < floor && mean(far) < kept * mean(near);
  if (!isLost) return null;
  let good = trace.length - 1;
  while (good >= 0 && balanceAt(trace, good) < floor) good--;
  return good;
}

/** Prompt balance: cosine with the positive prompts minus that with the negative ones; null without prompts. */
function balanceOf({ positivesBefore, negativesBefore }: Trace): number | null {
  if (positivesBefore === null && negativesBefore === null) return null;
  return (positivesBefore ?? 0) - (negativesBefore ?? 0);
}

function balanceAt(trace: TraceList, index: number): number {
  const [frame = unmeasuredTrace] = trace.slice(index, index + 1);
  return balanceOf(frame) ?? -Infinity;
}

function allKnown(values: readonly (number | null)[]): number[] | null {
  const known = values.filter((value) => value !== null);
  return known.length === values.length ? known : null;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

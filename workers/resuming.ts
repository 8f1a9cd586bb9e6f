import { automatic, smooth } from '../src/animation/index.ts';
import type { GeneratedFrame, PromptEmbeds, PromptSource, Watch } from '../src/animation/index.ts';
import type { Picture } from '../src/base/index.ts';
import type { Pipeline } from '../src/diffusion/index.ts';
import { planAfter } from '../src/project/index.ts';
import type { Settings, SmoothPlan } from '../src/project/index.ts';

/** A run that can be restarted on another device after any frame, with the same remaining frames. */
export interface Resumable {
  /** Makes the remaining frames; indices and progress count from the first of them. */
  begin(pipeline: Pipeline, prompts: PromptEmbeds, watch: Watch): AsyncIterable<GeneratedFrame>;
  /** Records a finished frame. */
  made(frame: Pick<GeneratedFrame, 'picture' | 'leg'>): void;
}

export interface AutomaticRun {
  readonly start: Picture;
  readonly origin?: Picture | undefined;
  readonly firstFrame: number;
  readonly settings: Settings;
}

/** Number of previous frames kept, as many as an insight compares. */
const mostBefore = 12;

const andThen = (before: readonly Picture[], picture: Picture) => [...before, picture].slice(-mostBefore);

/** A run of automatic mode. */
export function resumableAutomatic(input: AutomaticRun): Resumable {
  let left: AutomaticRun & { readonly before: readonly Picture[] } = { ...input, before: [] };
  return {
    begin: (pipeline, prompts, watch) => automatic(pipeline, { ...left, prompts }, watch),
    made({ picture }) {
      const { start, origin = start, before, firstFrame, settings } = left;
      left = {
        start: picture,
        origin,
        before: andThen(before, start),
        firstFrame: firstFrame + 1,
        settings: { ...settings, frames: settings.frames - 1 },
      };
    },
  };
}

export interface SmoothRun {
  readonly plan: SmoothPlan<Picture>;
  /** The animation's last frame, or its start picture. */
  readonly last: Picture;
  readonly origin?: Picture | undefined;
  readonly settings: Settings;
}

/** A run of smooth mode. */
export function resumableSmooth(input: SmoothRun, promptsOf: PromptSource): Resumable {
  let left: SmoothRun & { readonly before: readonly Picture[] } = { ...input, before: [] };
  return {
    begin: (pipeline, prompts, watch) => smooth(pipeline, { ...left, prompts, promptsOf }, watch),
    made(frame) {
      const { plan, last, origin = last, before, settings } = left;
      left = {
        plan: planAfter(plan, frame, settings),
        last: frame.picture,
        origin,
        before: andThen(before, last),
        settings,
      };
    },
  };
}

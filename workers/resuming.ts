import { automatic, smooth } from '../src/animation/index.ts';
import type { GeneratedFrame, PromptEmbeds, PromptSource, Watch } from '../src/animation/index.ts';
import type { Picture } from '../src/base/index.ts';
import type { Pipeline } from '../src/diffusion/index.ts';
import { planAfter } from '../src/project/index.ts';
import type { Settings, SmoothPlan } from '../src/project/index.ts';

/**
 * A run of frames that can be begun again on another device after any frame: what is left of it makes the same frames
 * as if it had not been interrupted.
 */
export interface Resumable {
  /** The frames that are left. Both they and progress count from the first of these. */
  begin(pipeline: Pipeline, prompts: PromptEmbeds, watch: Watch): AsyncIterable<GeneratedFrame>;
  /** Takes note of the next frame, which is there. */
  made(frame: Pick<GeneratedFrame, 'picture' | 'leg'>): void;
}

export interface AutomaticRun {
  readonly start: Picture;
  readonly origin?: Picture | undefined;
  readonly firstFrame: number;
  readonly settings: Settings;
}

/** As many of the last frames as an insight looks back at. */
const mostBefore = 12;

const andThen = (before: readonly Picture[], picture: Picture) => [...before, picture].slice(-mostBefore);

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

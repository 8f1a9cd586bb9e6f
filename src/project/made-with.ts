import { promptList } from './settings.ts';
import type { Settings } from './settings.ts';

/** What a note is made of: a frame of the animation, in which the others agree or which is the last of them. */
export interface MadeWith {
  /** Names of the models, each once; none for pictures that were brought in. */
  readonly models: readonly string[];
  readonly settings: Settings;
  readonly frames: number;
}

/** How an animation was made, as JSON for a file's metadata: in one line, for programs and people to read. */
export function madeWithNote({ models, settings, frames }: MadeWith): string {
  const { positivePrompts, negativePrompts, seed, ...rest } = settings;
  return JSON.stringify({
    program: 'Drift',
    model: models.join(', '),
    seed,
    prompts: { positive: promptList(positivePrompts), negative: promptList(negativePrompts) },
    frames,
    settings: { ...rest, seed, positivePrompts, negativePrompts },
  });
}

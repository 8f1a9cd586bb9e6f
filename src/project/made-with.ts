import { promptList } from './settings.ts';
import type { Settings } from './settings.ts';

/** How an animation was made. `settings` are those of one frame, which the others may differ from. */
export interface MadeWith {
  /** Names of the models, without duplicates; empty if all pictures were imported. */
  readonly models: readonly string[];
  readonly settings: Settings;
  readonly frames: number;
}

/** Serialises how an animation was made as one line of JSON, for the metadata of an exported file. */
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

import * as v from 'valibot';
import { promptList } from './settings.ts';
import type { Settings } from './settings.ts';
import { usableSettings } from './settings-part.ts';
import type { SettingsPart } from './settings-part.ts';

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

const noteSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({
    program: v.literal('Drift'),
    model: v.fallback(v.string(), ''),
    settings: v.record(v.string(), v.unknown()),
  }),
);

/** Settings read from a file's metadata: the valid ones, and the names of the rejected ones. */
export interface FoundSettings {
  /** Names of the models, separated by commas; may be empty. */
  readonly model: string;
  readonly settings: SettingsPart;
  readonly refused: readonly string[];
}

/** Finds the first of a file's texts that `madeWithNote` wrote, and parses it; null if there is none. */
export function settingsOfNotes(texts: readonly string[]): FoundSettings | null {
  for (const text of texts) {
    const note = v.safeParse(noteSchema, text);
    if (!note.success) continue;
    const settings = usableSettings(note.output.settings);
    const refused = Object.keys(note.output.settings).filter((key) => !(key in settings));
    return { model: note.output.model, settings, refused };
  }
  return null;
}

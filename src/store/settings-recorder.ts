import { settingKeys } from '../project/index.ts';
import type { Recipe, Settings, SettingsPart } from '../project/index.ts';
import type { History, HistoryEntry } from './history.ts';

/** Settings at one moment, as far as they can be brought back. */
interface Moment {
  readonly values: Settings;
  /** What differs from the defaults: these may be another model's by the time that it is brought back. */
  readonly changed: SettingsPart;
  readonly recipe: Recipe | null;
}

/** Records changes of settings. */
export interface SettingsRecorder {
  /**
   * Does something that changes settings and records it. Returns the entry, or null when nothing changed.
   *
   * @param typed - the field that is being typed into: it stays one change until another is made, or it is left
   */
  readonly record: (label: string, typed: string | null, work: () => void) => HistoryEntry | null;
  /** A field is left: what is typed next is another change. */
  readonly seal: () => void;
}

/**
 * @param read - the settings as they are
 * @param put - lays settings over those that are there; undefined for the model's default
 */
export function createSettingsRecorder({
  history,
  read,
  put,
}: {
  history: History;
  read: () => Moment;
  put: (part: SettingsPart, recipe: Recipe | null) => void;
}): SettingsRecorder {
  let typing: { readonly key: string; readonly entry: HistoryEntry; readonly before: Moment } | null = null;
  return {
    record(label, typed, work) {
      // Anything recorded in between, and an undo, ends the coalescing.
      const isNewest = typing !== null && history.getState().undo === typing.entry;
      const last = isNewest && typing?.key === typed ? typing : null;
      const before = last?.before ?? read();
      work();
      const after = read();
      typing = null;
      const keys = settingKeys.filter(
        (key) => before.values[key] !== after.values[key] || before.changed[key] !== after.changed[key],
      );
      if (keys.length === 0) {
        if (last) history.remove(last.entry);
        return null;
      }
      const bring = (moment: Moment) => () => {
        typing = null;
        put(Object.fromEntries(keys.map((key) => [key, moment.changed[key]])), moment.recipe);
        return true;
      };
      const entry = history.amend(last?.entry ?? null, {
        label,
        touches: 'settings',
        projects: [],
        undo: bring(before),
        redo: bring(after),
      });
      if (typed !== null) typing = { key: typed, entry, before };
      return entry;
    },
    seal() {
      typing = null;
    },
  };
}

import { settingKeys } from '../project/index.ts';
import type { Recipe, Settings, SettingsPart } from '../project/index.ts';
import type { History, HistoryEntry } from './history.ts';

/** Snapshot of the settings. */
interface Moment {
  readonly values: Settings;
  /** Settings that differ from the defaults; only these are restored, over the defaults of the model then in use. */
  readonly changed: SettingsPart;
  readonly recipe: Recipe | null;
}

/** Records changes of settings for undo, coalescing those that are typed into one field. */
export interface SettingsRecorder {
  /**
   * Runs `work`, which changes settings, and records the change. Returns the entry, or null if nothing changed.
   *
   * @param typed key of the field that is typed into: its changes are coalesced until another change or `seal`; or null
   */
  readonly record: (label: string, typed: string | null, work: () => void) => HistoryEntry | null;
  /** Ends coalescing, because a field has lost the focus. */
  readonly seal: () => void;
}

/**
 * Creates the recorder.
 *
 * @param read returns the current settings
 * @param put sets settings; undefined values reset them to the model's defaults
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
      // Any other entry, and an undo, ends coalescing.
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

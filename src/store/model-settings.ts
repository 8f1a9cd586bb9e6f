import { readStoredSettings } from '../project/index.ts';
import type { Settings, SettingsPart } from '../project/index.ts';
import type { Environment } from './environment.ts';
import { readText } from './expected-defaults.ts';
import { storeValue } from './preferences.ts';

/** The part of the state of the settings that belongs to a model. */
interface OwnSettings {
  /** Default settings: the program's, overlaid with the model's. */
  readonly base: Settings;
  /** The user's changes to `base`. */
  readonly changed: SettingsPart;
  /** Width and height must be multiples of this. */
  readonly multiple: number;
}

/** State while a model is being loaded. */
interface Opening {
  readonly storageKey: string;
  /** The model's changes, as stored by earlier visits. */
  readonly stored: SettingsPart;
  /** The user's changes since the load started. */
  readonly typed: SettingsPart;
  /** State of the previous model. */
  readonly before: OwnSettings & { readonly isKnown: boolean };
}

/**
 * The settings of each model, stored across visits. While a model is being loaded, only what the user changes then is
 * stored as its own; the rest belongs to the model before, and becomes the new one's when it is in use.
 */
export interface ModelSettings {
  /** Whether the defaults of the model are known: no model is being loaded, and one was. */
  readonly isKnown: () => boolean;
  /** Stores the changes of the settings. */
  readonly store: (changed: SettingsPart) => void;
  /** Notes changes by the user. */
  readonly note: (part: SettingsPart) => void;
  /** Notes that everything but `kept` was reset to the defaults. */
  readonly noteReset: (kept: SettingsPart) => void;
  /** Whether the load of this model has started already. */
  readonly isOpening: (url: string) => boolean;
  /** Begins with a model whose load starts. Returns its stored changes; null if it is the one in use. */
  readonly open: (url: string, current: OwnSettings) => SettingsPart | null;
  /**
   * Ends a load that failed, and restores what is stored of that model. Returns the state of the model before, with the
   * changes made meanwhile; null if no model is being loaded.
   */
  readonly close: () => OwnSettings | null;
  /** Ends a load that succeeded: the settings are the model's from now on. */
  readonly apply: () => void;
}

/** Creates the record of each model's settings in the browser's storage. */
export function createModelSettings(storage: Environment['storage']): ModelSettings {
  /** Storage key of the model in use; null before the first one. */
  let storageKey: string | null = null;
  let isKnown = false;
  let opening: Opening | null = null;

  return {
    isKnown: () => isKnown,
    store(changed) {
      // Changes made with the previous model are stored as this one's only after it is loaded.
      if (opening) storeValue(storage, opening.storageKey, { ...opening.stored, ...opening.typed });
      else if (storageKey !== null) storeValue(storage, storageKey, changed);
    },
    note(part) {
      if (opening) opening = { ...opening, typed: { ...opening.typed, ...part } };
    },
    noteReset(kept) {
      if (opening) {
        opening = { ...opening, stored: kept, typed: {}, before: { ...opening.before, changed: kept } };
      }
    },
    isOpening: (url) => opening?.storageKey === keyOf(url),
    open(url, current) {
      const key = keyOf(url);
      // If the model in use is loaded again, its defaults are known.
      if (key === storageKey) return null;
      const stored = readStoredSettings(readText(storage, key));
      opening = { storageKey: key, stored, typed: {}, before: { ...current, isKnown } };
      isKnown = false;
      return stored;
    },
    close() {
      if (!opening) return null;
      const { storageKey: other, stored, typed, before } = opening;
      opening = null;
      storeValue(storage, other, stored);
      isKnown = before.isKnown;
      return { ...before, changed: { ...before.changed, ...typed } };
    },
    apply() {
      storageKey = opening?.storageKey ?? storageKey;
      opening = null;
      isKnown = true;
    },
  };
}

function keyOf(url: string): string {
  return `drift.settings:${url}`;
}

import * as v from 'valibot';
import { createStore } from 'zustand/vanilla';
import type { StoreApi } from 'zustand/vanilla';
import { precisionSchema } from '../protocol/index.ts';
import type { Environment } from './environment.ts';

/** Playback speeds, as factors on the frame rate. */
export const speeds = [0.5, 1, 2] as const;

const storageKey = 'drift.preferences';

/** Schema of the stored preferences. Each value has a fallback, so that a damaged one does not affect the others. */
const preferencesSchema = v.object({
  /** How the start picture is fitted to frames of another aspect ratio. */
  fit: v.fallback(v.picklist(['crop', 'stretch']), 'crop'),
  loop: v.fallback(v.boolean(), true),
  pingPong: v.fallback(v.boolean(), false),
  /** Factor on the frame rate in the player; does not affect exports. */
  speed: v.fallback(v.picklist(speeds), 1),
  /** Whether the animation begins with the start picture. */
  includeStart: v.fallback(v.boolean(), false),
  /** Whether pick mode speculates on the next rounds. */
  speculative: v.fallback(v.boolean(), true),
  /** Last options of the Export dialog, which validates them itself. */
  exporting: v.fallback(v.nullable(v.looseObject({})), null),
  /** Whether “More settings” is unfolded. */
  moreSettings: v.fallback(v.boolean(), false),
  /** Whether the charts of insights are shown. */
  insight: v.fallback(v.boolean(), false),
  /** Which of them is shown. */
  insightOf: v.fallback(v.picklist(['prompts', 'frames', 'guidance']), 'prompts'),
  /** Whether the system shows a notification at the end of a long run while the tab is hidden. */
  notifyAtEnd: v.fallback(v.boolean(), false),
  /** Whether only the networks of the current stage are kept in the device's memory. */
  lowMemory: v.fallback(v.boolean(), false),
  /** Precisions that models need, by the key of the model and the name of the device. */
  precisions: v.fallback(v.record(v.string(), v.record(v.string(), precisionSchema)), {}),
});

/** User preferences, and what was learned about this device. */
export type Preferences = v.InferOutput<typeof preferencesSchema>;

/** Creates the store of preferences, which are stored across visits. */
export function createPreferences(storage: Environment['storage']): StoreApi<Preferences> {
  const store = createStore<Preferences>()(() => v.parse(preferencesSchema, stored(storage)));
  store.subscribe((preferences) => {
    storeValue(storage, storageKey, preferences);
  });
  return store;
}

function stored(storage: Environment['storage']): unknown {
  try {
    return v.parse(v.looseObject({}), JSON.parse(storage?.getItem(storageKey) ?? '{}'));
  } catch {
    return {};
  }
}

/** Reads a value stored with `storeValue`; null if it is missing or not valid. */
export function readStoredValue<T>(
  storage: Environment['storage'],
  key: string,
  schema: v.GenericSchema<unknown, T>,
): T | null {
  try {
    return v.parse(schema, JSON.parse(storage?.getItem(key) ?? 'null'));
  } catch {
    return null;
  }
}

/** Stores a value as JSON for later visits. Does nothing if storage is full or forbidden. */
export function storeValue(storage: Environment['storage'], key: string, value: unknown): void {
  try {
    storage?.setItem(key, JSON.stringify(value));
  } catch {
    // Not reported: only conveniences are stored here, and the user could not do anything about it.
  }
}

import * as v from 'valibot';
import { createStore } from 'zustand/vanilla';
import type { StoreApi } from 'zustand/vanilla';
import { precisionSchema } from '../protocol/index.ts';
import type { Environment } from './environment.ts';

export const speeds = [0.5, 1, 2] as const;

const storageKey = 'drift.preferences';

/** Every part falls back on its own, so that one damaged value costs only itself. */
const preferencesSchema = v.object({
  /** How the start picture becomes a frame of another shape. */
  fit: v.fallback(v.picklist(['crop', 'stretch']), 'crop'),
  loop: v.fallback(v.boolean(), true),
  pingPong: v.fallback(v.boolean(), false),
  /** Times the frame rate, for watching only. */
  speed: v.fallback(v.picklist(speeds), 1),
  /** Whether the animation begins with the picture that it started from. */
  includeStart: v.fallback(v.boolean(), false),
  /** Whether the next rounds are made while the person looks at this one. */
  speculative: v.fallback(v.boolean(), true),
  /** What the Export dialog was left with, which it checks itself. */
  exporting: v.fallback(v.nullable(v.looseObject({})), null),
  moreSettings: v.fallback(v.boolean(), false),
  /** Whether the curves of what was measured are in sight. */
  insight: v.fallback(v.boolean(), false),
  /** Whether only what the next step of a frame needs is kept on the GPU. */
  lowMemory: v.fallback(v.boolean(), false),
  /** What models have been found to need, by their address and the GPU. */
  precisions: v.fallback(v.record(v.string(), v.record(v.string(), precisionSchema)), {}),
});

/** How a person likes to see things, and what this device was found to need. */
export type Preferences = v.InferOutput<typeof preferencesSchema>;

/** The preferences, kept from visit to visit. */
export function createPreferences(storage: Environment['storage']): StoreApi<Preferences> {
  const store = createStore<Preferences>()(() => v.parse(preferencesSchema, stored(storage)));
  store.subscribe((preferences) => {
    keep(storage, storageKey, preferences);
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

/** A value that an earlier visit stored with `keep`; null for none, and for one that is damaged. */
export function readKept<T>(
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

/** Stores a value for the next visit. Where storage is full or forbidden, this visit goes on without. */
export function keep(storage: Environment['storage'], key: string, value: unknown): void {
  try {
    storage?.setItem(key, JSON.stringify(value));
  } catch {
    // Nothing that the person made is lost, and there is nothing that they could do about it.
  }
}

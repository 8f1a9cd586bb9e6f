import * as v from 'valibot';
import { settingsSchema } from './settings.ts';
import type { Settings } from './settings.ts';

const partialSchema = v.partial(settingsSchema);

/** A subset of the settings, such as the user's changes or a model's defaults. */
export type SettingsPart = v.InferOutput<typeof partialSchema>;

/** Overlays `base` with the defined values of `part`. @throws ValiError if the result is not valid */
export function overlaySettings(base: Settings, part: SettingsPart): Settings {
  const defined = Object.entries(part).filter(([, value]) => value !== undefined);
  return v.parse(settingsSchema, { ...base, ...Object.fromEntries(defined) });
}

/**
 * Parses settings stored as JSON by an earlier visit. Never throws, so that the page opens even if they are damaged;
 * see `usableSettings`.
 */
export function readStoredSettings(text: string | null): SettingsPart {
  try {
    return usableSettings(JSON.parse(text ?? '{}'));
  } catch {
    return {};
  }
}

/** Filters settings from an untrusted source: drops invalid and unknown ones, and keeps the rest. */
export function usableSettings(settings: unknown): SettingsPart {
  const record = v.safeParse(v.record(v.string(), v.unknown()), settings);
  let input = record.success ? record.output : {};
  for (;;) {
    const result = v.safeParse(partialSchema, input);
    if (result.success) return result.output;
    const bad = new Set(result.issues.map((issue) => v.getDotPath(issue)));
    const kept = Object.entries(input).filter(([key]) => !bad.has(key));
    // If no issue names a key of the record, the loop would never end.
    if (kept.length === Object.keys(input).length) return {};
    input = Object.fromEntries(kept);
  }
}

import * as v from 'valibot';
import { settingsSchema } from './settings.ts';
import type { Settings } from './settings.ts';

const partialSchema = v.partial(settingsSchema);

/** Some of the settings: what a person changed, or what a model brings. */
export type SettingsPart = v.InferOutput<typeof partialSchema>;

/** `base` with everything that `part` sets laid over it. */
export function overlaySettings(base: Settings, part: SettingsPart): Settings {
  const defined = Object.entries(part).filter(([, value]) => value !== undefined);
  return v.parse(settingsSchema, { ...base, ...Object.fromEntries(defined) });
}

/**
 * Reads settings that an earlier visit stored, as JSON. A stored setting never keeps the page from opening: see
 * `usableSettings`.
 */
export function readStoredSettings(text: string | null): SettingsPart {
  try {
    return usableSettings(JSON.parse(text ?? '{}'));
  } catch {
    return {};
  }
}

/** What can be used of settings from outside: what is damaged, out of range or unknown is left out, the rest kept. */
export function usableSettings(settings: unknown): SettingsPart {
  const record = v.safeParse(v.record(v.string(), v.unknown()), settings);
  let input = record.success ? record.output : {};
  for (;;) {
    const result = v.safeParse(partialSchema, input);
    if (result.success) return result.output;
    const bad = new Set(result.issues.map((issue) => v.getDotPath(issue)));
    const kept = Object.entries(input).filter(([key]) => !bad.has(key));
    // An issue that names no key of the record would repeat for ever.
    if (kept.length === Object.keys(input).length) return {};
    input = Object.fromEntries(kept);
  }
}

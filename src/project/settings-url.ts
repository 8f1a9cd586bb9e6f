import * as v from 'valibot';
import { settingsSchema } from './settings.ts';
import type { SettingsPart } from './settings-part.ts';

/** Prefix of a URL fragment that holds settings. Browsers do not send fragments to the server. */
const prefix = '#settings:';

/** Serialises settings as a URL fragment, for example `#settings:mode=smooth&frames=5`. */
export function settingsToHash(settings: SettingsPart): string {
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(settings)) {
    if (value !== undefined) parameters.set(key, String(value));
  }
  return `${prefix}${parameters.toString()}`;
}

/** Settings parsed from a URL: the valid ones, and the names of the rejected ones. */
export interface UrlSettings {
  readonly settings: SettingsPart;
  readonly refused: readonly string[];
}

/** Parses a URL fragment as written by `settingsToHash`; null if it does not hold settings. */
export function settingsFromHash(hash: string): UrlSettings | null {
  if (!hash.startsWith(prefix)) return null;
  const parameters = new URLSearchParams(hash.slice(prefix.length));
  const schema = v.partial(settingsSchema);
  let settings: SettingsPart = {};
  const refused: string[] = [];
  for (const [key, text] of parameters) {
    // The text may stand for a string, a number or a boolean: use the first of these that the schema accepts.
    const read = meanings(text)
      .map((value) => v.safeParse(schema, { ...settings, [key]: value }))
      .find(({ success }) => success);
    if (read?.success) settings = read.output;
    else refused.push(key);
  }
  return { settings, refused };
}

function meanings(text: string): (string | number | boolean)[] {
  const truth = text === 'true' ? [true] : text === 'false' ? [false] : [];
  return [text, ...(text.trim() === '' ? [] : [Number(text)]), ...truth];
}

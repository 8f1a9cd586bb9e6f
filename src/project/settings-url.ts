import * as v from 'valibot';
import { settingsSchema } from './settings.ts';
import type { SettingsPart } from './stored.ts';

/** What the part of an address after `#` begins with when it holds settings. It is never sent to a server. */
const prefix = '#settings:';

/** Settings as the last part of an address: `#settings:mode=smooth&frames=5`. */
export function settingsToHash(settings: SettingsPart): string {
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(settings)) {
    if (value !== undefined) parameters.set(key, String(value));
  }
  return `${prefix}${parameters.toString()}`;
}

/** What an address holds: the settings that can be used, and the names of those that cannot. */
export interface UrlSettings {
  readonly settings: SettingsPart;
  readonly refused: readonly string[];
}

/** Reads what `settingsToHash` wrote, or anything else; null where an address holds no settings. */
export function settingsFromHash(hash: string): UrlSettings | null {
  if (!hash.startsWith(prefix)) return null;
  const parameters = new URLSearchParams(hash.slice(prefix.length));
  const schema = v.partial(settingsSchema);
  let settings: SettingsPart = {};
  const refused: string[] = [];
  for (const [key, text] of parameters) {
    // Addresses hold text only; which kind of value it stands for is what the schema takes.
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

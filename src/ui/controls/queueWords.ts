import { settingFields, speedField } from '../../project/index.ts';
import type { Settings } from '../../project/index.ts';

/** Maximum number of differences that are listed. */
const mostListed = 4;

/**
 * Lists the differences between a queued run and the run before it: `Steps 10 · Seed 7 · other prompts`.
 *
 * @param before - settings of the run before; null if there is none: the result has the steps and the seed
 */
export function settingsWords(settings: Settings, before: Settings | null): string {
  if (!before) return `Steps ${settings.steps} · Seed ${settings.seed}`;
  const words = settingFields
    .filter(({ key, modes }) => key !== 'frames' && modes.includes(settings.mode))
    .filter(({ key }) => settings[key] !== before[key])
    .map(({ key, label }) => `${label} ${settings[key]}`);
  if (settings.speed !== before.speed) {
    words.push(`Speed ${speedField.options.find(({ value }) => value === settings.speed)?.label ?? ''}`);
  }
  const isSame = (key: 'positivePrompts' | 'negativePrompts') => settings[key] === before[key];
  if (!isSame('positivePrompts') || !isSame('negativePrompts')) words.push('other prompts');
  if (words.length === 0) return 'Same settings';
  const more = words.length - mostListed;
  return [...words.slice(0, mostListed), ...(more > 0 ? [`${more} more`] : [])].join(' · ');
}

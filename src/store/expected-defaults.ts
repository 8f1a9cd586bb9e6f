import { defaults as shippedDefaults, size } from '../../public/models/builtin/model.json';
import { readStoredSettings, usableSettings } from '../project/index.ts';
import type { SettingsPart } from '../project/index.ts';
import type { Environment } from './environment.ts';
import { builtInModel } from './page-url.ts';
import { storeValue } from './preferences.ts';

/** Defaults of models before they are loaded, so that fields show from the start what they will have. */
export interface ExpectedDefaults {
  /** Defaults that a model will probably have; null for a model that was never loaded here. */
  readonly of: (model: string) => SettingsPart | null;
  /** Remembers the defaults of a loaded model, some of which depend on the device. */
  readonly remember: (model: string, defaults: SettingsPart) => void;
}

/** Creates the lookup of expected defaults: those remembered from the last visit, or those the built-in model ships with. */
export function createExpectedDefaults({
  storage,
  address,
}: Pick<Environment, 'storage' | 'address'>): ExpectedDefaults {
  return {
    of(model) {
      const remembered = readStoredSettings(readText(storage, keyOf(model)));
      if (Object.keys(remembered).length > 0) return remembered;
      const shipped = builtInModel(address.read());
      if (shipped.kind !== 'url' || shipped.url !== model) return null;
      return usableSettings({ width: size, height: size, ...shippedDefaults });
    },
    remember(model, defaults) {
      storeValue(storage, keyOf(model), defaults);
    },
  };
}

function keyOf(model: string): string {
  return `drift.defaults:${model}`;
}

/** Text stored under a key; null if it is missing or the browser forbids to read it. */
export function readText(storage: Environment['storage'], key: string): string | null {
  try {
    return storage?.getItem(key) ?? null;
  } catch {
    return null;
  }
}

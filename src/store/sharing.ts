import { InputError } from '../base/index.ts';
import { usableSettings } from '../project/index.ts';
import type { Settings, SettingsPart } from '../project/index.ts';
import type { Environment } from './environment.ts';
import type { Notices } from './notices.ts';
import type { SettingsStore } from './settings.ts';

const parameter = 'settings';

/**
 * An address that opens the page with these settings, and with the model that `address` names. They stand after the
 * `#`, which browsers send to no server.
 */
export function settingsAddress(address: string, settings: Settings): string {
  const url = new URL(address);
  url.hash = new URLSearchParams({ [parameter]: JSON.stringify(settings) }).toString();
  return url.href;
}

/** The settings in the part of an address after the `#`; what is damaged or out of range is left out. Null without. */
export function sharedSettings(hash: string): SettingsPart | null {
  const text = new URLSearchParams(hash.replace(/^#/, '')).get(parameter);
  if (text === null) return null;
  try {
    const settings = usableSettings(JSON.parse(text));
    return Object.keys(settings).length > 0 ? settings : null;
  } catch {
    return null;
  }
}

export interface Sharing {
  /** Copies an address that opens the page with the settings as they are. */
  readonly copyLink: () => Promise<void>;
}

export function createSharing({
  settings,
  notices,
  environment,
}: {
  settings: SettingsStore;
  notices: Notices;
  environment: Pick<Environment, 'address' | 'copyText'>;
}): Sharing {
  return {
    async copyLink() {
      const link = settingsAddress(environment.address(), settings.getState().values);
      try {
        await environment.copyText(link);
        notices.info('link', 'The link is copied. It opens Drift with the settings as they are now.', []);
      } catch (cause) {
        notices.error(
          new InputError('clipboard', 'Your browser did not let Drift copy the link.', {
            remedy: 'Copy it from here by hand.',
            details: { link },
            cause,
          }),
        );
      }
    },
  };
}

import { InputError } from '../base/index.ts';
import { settingsFromHash, settingsToHash } from '../project/index.ts';
import type { Environment } from './environment.ts';
import type { Notices } from './notices.ts';
import type { SettingsStore } from './settings.ts';

/** Settings as a link, for another visit, another machine or another person. */
export interface SettingsLink {
  /** Copies an address that opens this page with the settings as they are. */
  readonly copy: () => Promise<void>;
  /**
   * Takes the settings that the page's address holds, if it holds any, in place of those of the last visit, with a
   * way back. What cannot be used is left out, and the person is told. Returns whether there were any.
   */
  readonly open: () => boolean;
}

export function createSettingsLink({
  settings,
  notices,
  environment: { address, copyText },
}: {
  settings: SettingsStore;
  notices: Notices;
  environment: Pick<Environment, 'address' | 'copyText'>;
}): SettingsLink {
  return {
    async copy() {
      const link = new URL(address.read());
      // All of them, for the defaults may be others where and when the link is followed.
      link.hash = settingsToHash(settings.getState().values);
      try {
        await copyText(link.href);
        notices.info('link', 'The link is copied. It opens Drift with these settings.', []);
      } catch (error) {
        notices.error(
          new InputError('copy-refused', 'The browser did not let Drift copy the link.', {
            remedy: 'Allow this page to use the clipboard, then try again.',
            cause: error,
          }),
        );
      }
    },
    open() {
      const link = new URL(address.read());
      const linked = settingsFromHash(link.hash);
      if (!linked) return false;
      // Or the link would come again with every reload, over what has been changed since.
      link.hash = '';
      address.replace(link.href);
      const { mode } = settings.getState().values;
      const before = { ...settings.reset(), mode };
      settings.set(linked.settings);
      const undo = () => {
        settings.reset();
        settings.set(before);
      };
      const left = linked.refused.map((key) => `“${key}”`).join(', ');
      notices.info(
        'link',
        `These settings come from the link.${left && ` Left out, because they cannot be used: ${left}.`}`,
        [{ label: 'Undo', run: undo }],
      );
      return true;
    },
  };
}

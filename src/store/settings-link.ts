import { InputError, insecureRemedy, isInsecureContext } from '../base/index.ts';
import { settingsFromHash, settingsToHash } from '../project/index.ts';
import type { Environment } from './environment.ts';
import type { History } from './history.ts';
import { withOrigin } from './location.ts';
import type { ModelStore } from './model.ts';
import type { ModelsStore } from './models.ts';
import type { Notices } from './notices.ts';
import type { SettingsStore } from './settings.ts';

/** Settings as a link, for another visit, another machine or another person. */
export interface SettingsLink {
  /** Copies an address that opens this page with the settings as they are, and with the model if others can have it. */
  readonly copy: () => Promise<void>;
  /**
   * Takes the settings that the page's address holds, if it holds any, in place of those of the last visit; undo
   * brings these back. What cannot be used is left out, and the person is told. Returns whether there were any.
   */
  readonly open: () => boolean;
}

export function createSettingsLink({
  settings,
  model,
  models,
  notices,
  history,
  environment: { address, copyText },
}: {
  history: History;
  settings: SettingsStore;
  model: ModelStore;
  models: ModelsStore;
  notices: Notices;
  environment: Pick<Environment, 'address' | 'copyText'>;
}): SettingsLink {
  /** The address of the page with the model that is in use, and what it does. */
  async function linkToModel(): Promise<{ link: URL; words: string }> {
    const { place } = model.getState();
    const before = address.read();
    if (place?.kind !== 'installed') {
      const link = new URL(before);
      // A model that the address names and that is not in use is not on this device.
      if (place && link.searchParams.has('installed')) link.searchParams.delete('installed');
      return { link, words: 'It opens Drift with these settings.' };
    }
    const origin = await models.originOf(place.id);
    return {
      link: new URL(withOrigin(before, origin)),
      words: origin
        ? 'It opens Drift with these settings and this model.'
        : 'It opens Drift with these settings, but not with this model: it is on this device only.',
    };
  }

  return {
    async copy() {
      const { link, words } = await linkToModel();
      // All of them, for the defaults may be others where and when the link is followed.
      link.hash = settingsToHash(settings.getState().values);
      try {
        await copyText(link.href);
        notices.info('link', `The link is copied. ${words}`, []);
      } catch (error) {
        notices.error(
          new InputError('copy-refused', 'The browser did not let Drift copy the link.', {
            remedy: isInsecureContext()
              ? insecureRemedy
              : 'Allow this page to use the clipboard, then try again.',
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
      const entry = settings.replace(linked.settings);
      const left = linked.refused.map((key) => `“${key}”`).join(', ');
      notices.info(
        'link',
        `These settings come from the link.${left && ` Left out, because they cannot be used: ${left}.`}`,
        entry
          ? [
              {
                label: 'Bring back mine',
                run: () => {
                  history.undoAlone(entry);
                },
              },
            ]
          : [],
      );
      return true;
    },
  };
}

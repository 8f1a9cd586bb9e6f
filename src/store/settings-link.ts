import { InputError, insecureRemedy, isInsecureContext } from '../base/index.ts';
import { settingsFromHash, settingsToHash } from '../project/index.ts';
import type { Environment } from './environment.ts';
import { withOrigin } from './page-url.ts';
import type { ModelStore } from './model.ts';
import type { ModelsStore } from './models.ts';
import type { Notices } from './notices.ts';
import type { Offers } from './offers.ts';
import type { SettingsStore } from './settings.ts';

/** Sharing of settings as links. */
export interface SettingsLink {
  /** Copies a URL of the page with the current settings, and with the model if it has a public origin. */
  readonly copy: () => Promise<void>;
  /**
   * Replaces the settings by those in the page's URL, if it has any; undoable. Invalid ones are left out and named in
   * the notice. Returns whether the URL has settings.
   */
  readonly open: () => boolean;
}

/** Creates sharing of settings as links, and applies those of the page's address. */
export function createSettingsLink({
  settings,
  model,
  models,
  notices,
  offers,
  environment: { address, copyText },
}: {
  offers: Offers;
  settings: SettingsStore;
  model: ModelStore;
  models: ModelsStore;
  notices: Notices;
  environment: Pick<Environment, 'address' | 'copyText'>;
}): SettingsLink {
  /** URL of the page with the model in use, and a sentence about the effect of the link. */
  async function linkToModel(): Promise<{ link: URL; words: string }> {
    const { location } = model.getState();
    const before = address.read();
    if (location?.kind !== 'installed') {
      const link = new URL(before);
      // The model named by `?installed=` is not in use, so the settings are not for that model.
      if (location && link.searchParams.has('installed')) link.searchParams.delete('installed');
      return { link, words: 'It opens Drift with these settings.' };
    }
    const origin = await models.originOf(location.id);
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
      // Include all settings, because defaults may differ where the link is opened.
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
      // Otherwise every reload would apply the link again, over later changes.
      link.hash = '';
      address.replace(link.href);
      const entry = settings.replace(linked.settings);
      const left = linked.refused.map((key) => `“${key}”`).join(', ');
      const message = `These settings come from the link.${left && ` Left out, because they cannot be used: ${left}.`}`;
      if (entry) offers.show('link', message, 'Bring back mine', entry);
      else notices.info('link', message, []);
      return true;
    },
  };
}

import { settingsOfNotes } from '../project/index.ts';
import type { FoundSettings } from '../project/index.ts';
import type { mediaApi } from '../protocol/index.ts';
import type { NamedFile } from './import-files.ts';
import type { Notices } from './notices.ts';
import type { Offers } from './offers.ts';
import type { SettingsStore } from './settings.ts';
import type { WorkerHandle } from './worker-handle.ts';

const topic = 'found settings';

/** Settings in the metadata of imported files, as the Export dialog writes them. */
export function createFoundSettings({
  media,
  settings,
  notices,
  offers,
}: {
  media: WorkerHandle<typeof mediaApi>;
  settings: SettingsStore;
  notices: Notices;
  offers: Offers;
}) {
  async function find(file: Blob, signal: AbortSignal): Promise<FoundSettings | null> {
    return settingsOfNotes(await media.call('texts', { file }, { signal }));
  }

  /** Replaces the settings; undoable. */
  function apply(name: string, { model, settings: found, refused }: FoundSettings) {
    const entry = settings.replace(found);
    const left = refused.map((key) => `“${key}”`).join(', ');
    const words = [
      `The settings are now those of “${name}”.`,
      model !== '' && `It was made with ${model}.`,
      left !== '' && `Left out, because they cannot be used: ${left}.`,
    ];
    const message = words.filter(Boolean).join(' ');
    if (entry) offers.show(topic, message, 'Bring back mine', entry);
    else notices.info(topic, message, []);
  }

  return {
    /** Offers the settings of a picture or an animation that was imported; does nothing if it has none. */
    async offer({ name, file }: NamedFile, signal: AbortSignal): Promise<void> {
      // The file itself was imported: that its metadata cannot be read is no error.
      const found = await find(file, signal).catch(() => null);
      if (!found || signal.aborted) return;
      notices.info(topic, `“${name}” says how it was made: settings, prompts and seed.`, [
        {
          label: 'Use its settings',
          run: () => {
            apply(name, found);
          },
        },
      ]);
    },
    /** Applies the settings of the first of some videos that has any. */
    async takeFromVideos(videos: readonly NamedFile[], signal: AbortSignal): Promise<void> {
      for (const { name, file } of videos) {
        const found = await find(file, signal);
        if (signal.aborted) return;
        if (!found) continue;
        apply(name, found);
        return;
      }
    },
  };
}

import type { StoreApi } from 'zustand/vanilla';
import type { mediaApi, projectsApi } from '../protocol/index.ts';
import type { AnimationStore } from './animation.ts';
import type { Autosave } from './autosave.ts';
import type { Environment } from './environment.ts';
import type { WorkerHandle } from './worker-handle.ts';
import type { Notices } from './notices.ts';
import type { Pictures } from './pictures.ts';
import type { Preferences } from './preferences.ts';
import type { ProjectJobs } from './project-jobs.ts';
import { readSequence, sequenceWords } from './sequence.ts';
import type { NamedFile } from './sequence.ts';
import type { SettingsStore } from './settings.ts';

/** Projects out to files, and files in as projects. */
export interface ProjectFileStore {
  /** Hands a project over as a `.drift` file. */
  readonly exportFile: (id: string, name: string) => Promise<void>;
  /** Makes a project of a `.drift` file. @returns its id, or null when the file was refused */
  readonly importFile: (file: Blob) => Promise<string | null>;
  /** Makes a project of pictures and puts it on the page. */
  readonly importPictures: (files: readonly NamedFile[]) => Promise<boolean>;
}

const unchanged = 'Nothing that was there has changed.';

export function createProjectFiles({
  jobs: { job },
  worker,
  media,
  preferences,
  autosave,
  pictures,
  animation,
  settings,
  notices,
  environment,
}: {
  jobs: Pick<ProjectJobs, 'job'>;
  worker: WorkerHandle<typeof projectsApi>;
  media: WorkerHandle<typeof mediaApi>;
  preferences: StoreApi<Preferences>;
  autosave: Autosave;
  pictures: Pictures;
  animation: AnimationStore;
  settings: SettingsStore;
  notices: Notices;
  environment: Pick<Environment, 'newId' | 'saveFile'>;
}): ProjectFileStore {
  return {
    async exportFile(id, name) {
      await job('Writing the project', async (signal, onEvent) => {
        await autosave.whenSettled();
        const document = animation.getState().project?.id === id ? animation.document() : null;
        const current = document && { document, pictures: [...(await pictures.source(id)).held] };
        const file = await worker.call('export', { id, current }, { signal, onEvent });
        if (signal.aborted) return;
        environment.saveFile(file, fileName(name));
        if (current && autosave.getState().stuck.includes(id)) animation.markSaved();
        notices.announce('The project is exported.');
      });
    },
    async importFile(file) {
      const id = environment.newId();
      const read = async (signal: AbortSignal, onEvent: (event: { done: number; of: number }) => void) => {
        await worker.call('import', { file, id }, { signal, onEvent });
      };
      return (await job('Reading the project', read, unchanged)) ? id : null;
    },
    importPictures: (files) =>
      job(
        'Reading the pictures',
        async (signal, onProgress) => {
          const { fit } = preferences.getState();
          const { multiple } = settings.getState();
          const read = await readSequence(media, files, { fit, multiple }, signal, onProgress);
          if (signal.aborted) return;
          const { first, picture, frames } = read;
          const { width, height } = picture;
          const name = first.name.split('/').at(-1) ?? first.name;
          const start = { name, file: first.file, picture, cut: { width, height, fit } };
          animation.bring({ start, frames });
          notices.info('pictures', sequenceWords(read, fit), []);
        },
        unchanged,
      ),
  };
}

/** A file name that every system takes. */
function fileName(name: string): string {
  const safe = name.replace(/[^\p{L}\p{N} _.-]+/gu, ' ').trim();
  return `${safe === '' ? 'project' : safe}.drift`;
}

import type { projectsApi } from '../protocol/index.ts';
import type { AnimationStore } from './animation.ts';
import type { Autosave } from './autosave.ts';
import type { Environment } from './environment.ts';
import type { WorkerHandle } from './worker-handle.ts';
import type { Notices } from './notices.ts';
import type { Pictures } from './pictures.ts';
import type { ProjectJobs } from './project-jobs.ts';

/** Export and import of `.drift` files. */
export interface ProjectFileStore {
  /** Exports and downloads a project as a `.drift` file. */
  readonly exportFile: (id: string, name: string) => Promise<void>;
  /** Imports a `.drift` file as a project. Returns its id, or null if that failed or was cancelled. */
  readonly importFile: (file: Blob) => Promise<string | null>;
}

const unchanged = 'Nothing that was there has changed.';

/** Creates export and import of project files, which run as project jobs. */
export function createProjectFiles({
  jobs: { job },
  worker,
  autosave,
  pictures,
  animation,
  notices,
  environment,
}: {
  jobs: Pick<ProjectJobs, 'job'>;
  worker: WorkerHandle<typeof projectsApi>;
  autosave: Autosave;
  pictures: Pictures;
  animation: AnimationStore;
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
  };
}

/** Removes characters that some file systems do not allow, and appends the extension. */
function fileName(name: string): string {
  const safe = name.replace(/[^\p{L}\p{N} _.-]+/gu, ' ').trim();
  return `${safe === '' ? 'project' : safe}.drift`;
}

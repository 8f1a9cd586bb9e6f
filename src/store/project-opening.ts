import { ProjectError, anySignal } from '../base/index.ts';
import type { ProjectDocument } from '../project/index.ts';
import type { projectsApi } from '../protocol/index.ts';
import type { AnimationStore } from './animation.ts';
import type { Autosave } from './autosave.ts';
import type { LoadedProject } from './page-content.ts';
import type { Environment } from './environment.ts';
import type { History } from './history.ts';
import { createLastProject } from './last-project.ts';
import type { Notices } from './notices.ts';
import type { ProjectJobs } from './project-jobs.ts';
import type { ProjectNotices } from './project-notices.ts';
import type { SettingsStore } from './settings.ts';
import type { WorkerHandle } from './worker-handle.ts';

/** Opens projects of this device, and the one that was open last. */
export interface ProjectOpening {
  /** Whether there is a project of the last visit. */
  readonly hasLast: () => boolean;
  /** Opens the project of the last visit, with its last settings. Shows errors. */
  readonly openLast: () => Promise<void>;
  /** Opens a project with its stored settings, and records that for undo. Returns whether the job completed. */
  readonly open: (id: string) => Promise<boolean>;
  /** Opens a project without recording it for undo, as part of an action that is recorded. */
  readonly openUnrecorded: (id: string) => Promise<boolean>;
}

/** @param copyAndOpen copies a project that is open in another tab, and opens the copy */
export function createProjectOpening({
  jobs: { job, signal: newestSignal },
  worker,
  autosave,
  animation,
  settings,
  notices,
  projectNotices,
  history,
  onOpen,
  copyAndOpen,
  environment,
}: {
  jobs: Pick<ProjectJobs, 'job' | 'signal'>;
  worker: WorkerHandle<typeof projectsApi>;
  autosave: Autosave;
  animation: AnimationStore;
  settings: SettingsStore;
  notices: Notices;
  projectNotices: ProjectNotices;
  history: History;
  onOpen: () => void;
  copyAndOpen: (id: string, name: string) => Promise<void>;
  environment: Pick<Environment, 'storage'>;
}): ProjectOpening {
  const last = createLastProject(environment.storage);

  function remember() {
    const { project } = animation.getState();
    last.write(project && { id: project.id, settings: settings.getState().values });
  }
  animation.subscribe(({ project }, before) => {
    if (project?.id !== before.project?.id) remember();
  });
  settings.subscribe(({ values }, before) => {
    if (values !== before.values && animation.getState().project) remember();
  });

  async function load(id: string, signal: AbortSignal): Promise<LoadedProject & { readonly lost: number }> {
    await autosave.whenSettled();
    const opened = await worker.call('open', { id }, { signal });
    const { document, readOnly, ...rest } = opened;
    const { name, created } = document;
    return { project: { id, name, created, readOnly }, document, ...rest };
  }

  /**
   * Opens a project.
   *
   * @param settingsFor returns the new settings, given the project's document
   * @param stop cancels opening
   * @param isRecorded whether the previous content can be restored by undo
   */
  async function open(
    id: string,
    settingsFor: (document: ProjectDocument) => ProjectDocument['settings'],
    stop: AbortSignal,
    isRecorded: boolean,
  ): Promise<void> {
    const loaded = await animation.load(async (signal) => {
      const either = anySignal([signal, stop]);
      const result = await load(id, either);
      either.throwIfAborted();
      return result;
    });
    if (!loaded) return;
    const { project, document, lost, left } = loaded;
    const { values } = settings.getState();
    onOpen();
    history.quietly(() => {
      settings.set(settingsFor(document));
    });
    if (isRecorded && left.project?.id !== project.id) {
      animation.history.swapped('Open project', left, values);
    }
    remember();
    projectNotices.notReadOnly();
    if (project.readOnly) {
      projectNotices.readOnly(project.name, [
        { label: 'Open here', run: () => void opening.open(id) },
        { label: 'Make a copy', run: () => void copyAndOpen(id, project.name) },
      ]);
    }
    if (lost > 0) projectNotices.lost(lost);
  }

  const openByJob = (id: string, isRecorded: boolean) =>
    job('Opening the project', (signal) => open(id, ({ settings: stored }) => stored, signal, isRecorded));

  const opening: ProjectOpening = {
    hasLast: () => last.read() !== null,
    async openLast() {
      const project = last.read();
      try {
        if (project) await open(project.id, () => project.settings, newestSignal(), false);
      } catch (error) {
        // If it was deleted in another tab, the page starts empty.
        if (!(error instanceof ProjectError && error.code === 'project-gone')) notices.error(error);
      }
    },
    open: (id) => openByJob(id, true),
    openUnrecorded: (id) => openByJob(id, false),
  };
  return opening;
}

import { createStore } from 'zustand/vanilla';
import type { StoreApi } from 'zustand/vanilla';
import { childrenOf, tipOf } from '../project/index.ts';
import type { mediaApi, projectsApi } from '../protocol/index.ts';
import type { AnimationStore } from './animation.ts';
import type { Autosave, SpaceReport } from './autosave.ts';
import type { Environment } from './environment.ts';
import type { History } from './history.ts';
import type { Offers } from './offers.ts';
import type { WorkerHandle } from './worker-handle.ts';
import type { NoticeAction, Notices } from './notices.ts';
import type { Pictures } from './pictures.ts';
import type { Preferences } from './preferences.ts';
import type { NamedFile } from './import-files.ts';
import type { ProjectDeletion } from './project-deletion.ts';
import { createProjectFiles } from './project-files.ts';
import { createProjectJobs } from './project-jobs.ts';
import type { ProjectJob } from './project-jobs.ts';
import { createProjectNotices } from './project-notices.ts';
import { createProjectOpening } from './project-opening.ts';
import { createSpaceWarning } from './space-warning.ts';
import type { SettingsStore } from './settings.ts';

/** A project in the list. */
export interface ListedProject {
  readonly id: string;
  readonly name: string;
  /** Time of the last change, ISO 8601. */
  readonly changed: string;
  /** Number of frames on all branches. */
  readonly frames: number;
  /** Object URL of the picture of the animation's last frame; null if it is lost. */
  readonly url: string | null;
}

/** State of the projects on this device. */
export interface ProjectsState {
  /** Projects on this device, most recently changed first; null before the first `refresh`. */
  readonly list: readonly ListedProject[] | null;
  readonly job: ProjectJob | null;
  /** Whether the project of the last visit is being opened. */
  readonly reopening: boolean;
}

export interface ProjectsStore extends StoreApi<ProjectsState> {
  /** Opens the project of the last visit, with its last settings. */
  readonly reopen: () => Promise<void>;
  /** Reloads the list. */
  readonly refresh: () => Promise<void>;
  /** Opens a project with its stored settings. Returns whether the job completed. */
  readonly open: (id: string) => Promise<boolean>;
  /** Empties the page for a new project. */
  readonly create: () => void;
  readonly rename: (id: string, name: string) => Promise<void>;
  /** Copies a project, without opening the copy. */
  readonly duplicate: (id: string) => Promise<void>;
  /** Deletes a project; undoable until it is purged. */
  readonly remove: (id: string) => Promise<void>;
  /** Exports and downloads a project as a `.drift` file. */
  readonly exportFile: (id: string) => Promise<void>;
  /** Imports a `.drift` file and opens the project. Nothing changes if the file is not valid. */
  readonly importFile: (file: Blob) => Promise<boolean>;
  /** Imports files of any kind: see `createFileImport`. */
  readonly importFiles: (
    files: readonly NamedFile[],
    options?: { readonly frames?: boolean },
  ) => Promise<boolean>;
  readonly cancel: () => void;
  /** Switches the animation to the next sibling of the frame at a position, followed to that branch's newest leaf. */
  readonly nextBranch: (position: number) => void;
}

/** Creates the store of the projects on this device: their list, and opening them. */
export function createProjects({
  worker,
  media,
  preferences,
  autosave,
  pictures,
  animation,
  settings,
  notices,
  history,
  offers,
  whenWritten,
  environment,
}: {
  history: History;
  offers: Offers;
  worker: WorkerHandle<typeof projectsApi>;
  media: WorkerHandle<typeof mediaApi>;
  preferences: StoreApi<Preferences>;
  autosave: Autosave;
  pictures: Pictures;
  animation: AnimationStore;
  settings: SettingsStore;
  notices: Notices;
  /** Resolves when no export of a project is running. */
  whenWritten: (project: string) => Promise<void>;
  environment: Pick<Environment, 'newId' | 'persist' | 'pictureUrls' | 'saveFile' | 'storage'>;
}): ProjectsStore & { readonly onSpace: (report: SpaceReport) => void } {
  const { pictureUrls } = environment;
  const store = createStore<ProjectsState>()(() => ({
    list: null,
    job: null,
    reopening: true,
  }));
  let persisted = false;

  const jobs = createProjectJobs({
    notices,
    onJob: (current) => {
      store.setState({ job: current });
    },
  });
  const { attempt, job } = jobs;

  /** Name of a project on the page or in the list. */
  function nameOf(id: string): string {
    const { project } = animation.getState();
    if (project?.id === id) return project.name;
    return store.getState().list?.find((listed) => listed.id === id)?.name ?? 'project';
  }

  async function refresh(): Promise<void> {
    await autosave.whenSettled();
    const summaries = await worker.call('list', {});
    const before = store.getState().list ?? [];
    store.setState({
      list: summaries.map(({ picture, ...summary }) => ({
        ...summary,
        url: picture && pictureUrls.create(picture),
      })),
    });
    for (const { url } of before) if (url !== null) pictureUrls.revoke(url);
  }

  async function copyAndOpen(id: string, name: string): Promise<void> {
    const copy = environment.newId();
    const done = await job('Copying the project', (signal) =>
      worker.call('duplicate', { id, copy, name: copyName(name) }, { signal }),
    );
    if (done) await opening.open(copy);
  }

  animation.subscribe(({ project }, before) => {
    if (project?.id === before.project?.id) return;
    spaceWarning.reset();
    if (!project?.readOnly) projectNotices.notReadOnly();
  });
  animation.subscribe(({ frames }) => {
    if (persisted || frames.length === 0) return;
    persisted = true;
    void environment.persist();
  });

  const exportAction = (): NoticeAction[] => {
    const { project } = animation.getState();
    if (!project) return [];
    return [{ label: 'Export project', run: () => void projects.exportFile(project.id), stays: true }];
  };

  const files = createProjectFiles({
    jobs,
    worker,
    autosave,
    pictures,
    animation,
    notices,
    environment,
  });
  /** Imports files; the code for that is loaded on first use. */
  async function importFiles(
    files: readonly NamedFile[],
    options?: { readonly frames?: boolean },
  ): Promise<boolean> {
    let imported = false;
    await attempt(async () => {
      const { createFileImport } = await import('./import-files.ts');
      const take = createFileImport({
        jobs,
        media,
        preferences,
        animation,
        autosave,
        settings,
        notices,
        offers,
        importProject: (file) => projects.importFile(file),
      });
      imported = await take(files, options);
    });
    return imported;
  }
  const projectNotices = createProjectNotices(notices, autosave, exportAction);
  const spaceWarning = createSpaceWarning(notices, exportAction);
  const opening = createProjectOpening({
    jobs,
    worker,
    autosave,
    animation,
    settings,
    notices,
    projectNotices,
    history,
    onOpen: spaceWarning.reset,
    copyAndOpen,
    environment,
  });
  store.setState({ reopening: opening.hasLast() });
  let deletion: Promise<ProjectDeletion> | null = null;
  async function loadDeletion(): Promise<ProjectDeletion> {
    const { createProjectDeletion } = await import('./project-deletion.ts');
    return createProjectDeletion({
      jobs,
      worker,
      autosave,
      animation,
      notices,
      history,
      whenWritten,
      nameOf,
      refresh,
      reopen: opening.openUnrecorded,
    });
  }

  const projects: ProjectsStore & { readonly onSpace: (report: SpaceReport) => void } = {
    ...store,
    async reopen() {
      await opening.openLast();
      store.setState({ reopening: false });
      // Housekeeping: failures of the storage are reported when the user's work is stored.
      await worker.call('tidy', {}).catch(() => undefined);
    },
    refresh: () => attempt(refresh),
    open: opening.open,
    create() {
      animation.clear();
      notices.announce('A new project. Choose a picture to start from.');
    },
    rename: (id, name) =>
      attempt(async () => {
        const trimmed = name.trim().slice(0, 200);
        if (trimmed === '') return;
        await autosave.whenSettled();
        await worker.call('rename', { id, name: trimmed });
        if (animation.getState().project?.id === id) animation.rename(trimmed);
        await refresh();
      }),
    async duplicate(id) {
      await job('Copying the project', async (signal) => {
        await autosave.whenSettled();
        await worker.call(
          'duplicate',
          { id, copy: environment.newId(), name: copyName(nameOf(id)) },
          { signal },
        );
        await refresh();
      });
    },
    remove: (id) => attempt(async () => (await (deletion ??= loadDeletion())).remove(id)),
    exportFile: (id) => files.exportFile(id, nameOf(id)),
    async importFile(file) {
      const id = await files.importFile(file);
      return id !== null && projects.open(id);
    },
    importFiles,
    cancel: jobs.cancel,
    nextBranch(position) {
      const { tree, frames } = animation.getState();
      const node = tree.nodes.get(frames.at(position - 1)?.id ?? -1);
      if (!node) return;
      const siblings = childrenOf(tree, node.parent);
      const next = siblings[(siblings.indexOf(node) + 1) % siblings.length];
      if (next && next !== node) animation.playBranch(position, tipOf(tree, next.id));
    },
    onSpace: spaceWarning.onReport,
  };
  return projects;
}

function copyName(name: string): string {
  return `${name} (copy)`.slice(0, 200);
}

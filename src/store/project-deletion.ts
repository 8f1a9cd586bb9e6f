import { ProjectError } from '../base/index.ts';
import type { projectsApi } from '../protocol/index.ts';
import type { AnimationStore } from './animation.ts';
import type { Autosave } from './autosave.ts';
import type { History, HistoryEntry } from './history.ts';
import type { Notices } from './notices.ts';
import type { ProjectJobs } from './project-jobs.ts';
import type { WorkerHandle } from './worker-handle.ts';

const deletedTopic = 'deleted';

/** Deletion of projects, with undo. */
export interface ProjectDeletion {
  readonly remove: (id: string) => Promise<void>;
}

/** Creates the deletion of projects, loaded lazily with the first one: undoable while its notice is shown; the project is purged afterwards. */
export function createProjectDeletion({
  jobs: { attempt, isRunning },
  worker,
  autosave,
  animation,
  notices,
  history,
  whenWritten,
  nameOf,
  refresh,
  reopen,
}: {
  jobs: Pick<ProjectJobs, 'attempt' | 'isRunning'>;
  worker: WorkerHandle<typeof projectsApi>;
  autosave: Autosave;
  animation: AnimationStore;
  notices: Notices;
  history: History;
  /** Resolves when no export of a project is running. */
  whenWritten: (project: string) => Promise<void>;
  nameOf: (project: string) => string;
  refresh: () => Promise<void>;
  /** Opens a project without recording it for undo. */
  reopen: (project: string) => Promise<unknown>;
}): ProjectDeletion {
  /** History entries of deletions, by project id. */
  const entries = new Map<string, HistoryEntry>();

  function forget(id: string) {
    const entry = entries.get(id);
    if (entry) history.remove(entry);
    entries.delete(id);
  }

  /** Deletes a project and shows the notice. Returns the function that restores it, or throws. */
  async function takeOff(id: string): Promise<() => Promise<void>> {
    const name = nameOf(id);
    // Purges the project that was deleted before.
    notices.dismissTopic(deletedTopic);
    await autosave.whenSettled();
    await worker.call('remove', { id });
    // Only now: the user may have gone on to another project meanwhile.
    const wasOpen = animation.getState().project?.id === id;
    if (wasOpen) animation.clear('deleted');
    let wantedBack = false;
    const bringBack = async () => {
      wantedBack = true;
      notices.dismissTopic(deletedTopic);
      try {
        await worker.call('restore', { id });
      } catch (error) {
        // A ProjectError means that it is gone for good; after any other error, offer it again.
        if (!(error instanceof ProjectError)) offer();
        throw error;
      }
      await attempt(refresh);
      // What the user has begun meanwhile stays on the page.
      const { start, reading } = animation.getState();
      if (wasOpen && !start && !reading && !isRunning()) await reopen(id);
    };
    const offer = () => {
      wantedBack = false;
      const action = {
        label: 'Bring back',
        run: () => {
          wantedBack = true;
          forget(id);
          void attempt(bringBack);
        },
      };
      notices.info(deletedTopic, `“${name}” was deleted.`, [action], () => {
        if (!wantedBack) purge(id);
      });
    };
    offer();
    return bringBack;
  }

  /** Purges a deleted project after its notice was dismissed. */
  function purge(id: string) {
    forget(id);
    history.remove(id);
    void attempt(async () => {
      // A running export still reads its pictures.
      await whenWritten(id);
      await worker.call('purge', { id });
    });
  }

  const deletion = {
    remove: (id: string) =>
      attempt(async () => {
        let bringBack = await takeOff(id);
        const entry = history.record({
          label: 'Delete project',
          touches: 'frames',
          projects: [],
          async undo() {
            await bringBack();
            return true;
          },
          async redo() {
            bringBack = await takeOff(id);
            await attempt(refresh);
            return true;
          },
        });
        entries.set(id, entry);
        await refresh();
      }),
  };
  return deletion;
}

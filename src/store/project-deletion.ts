import { ProjectError } from '../base/index.ts';
import type { projectsApi } from '../protocol/index.ts';
import type { AnimationStore } from './animation.ts';
import type { Autosave } from './autosave.ts';
import type { History, HistoryEntry } from './history.ts';
import type { Notices } from './notices.ts';
import type { ProjectJobs } from './project-jobs.ts';
import type { WorkerHandle } from './worker-handle.ts';

const deletedTopic = 'deleted';

/** Deletes projects, with a way back until the notice of it is gone: then what they take is freed. */
export function createProjectDeletion({
  jobs: { attempt },
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
  jobs: Pick<ProjectJobs, 'attempt'>;
  worker: WorkerHandle<typeof projectsApi>;
  autosave: Autosave;
  animation: AnimationStore;
  notices: Notices;
  history: History;
  /** Resolves when no file of a project is being written any more. */
  whenWritten: (project: string) => Promise<void>;
  nameOf: (project: string) => string;
  refresh: () => Promise<void>;
  /** Opens a project without recording it for undo. */
  reopen: (project: string) => Promise<unknown>;
}): { readonly remove: (id: string) => Promise<void> } {
  /** The entries of deletions in the history, by project. */
  const entries = new Map<string, HistoryEntry>();

  function forget(id: string) {
    const entry = entries.get(id);
    if (entry) history.remove(entry);
    entries.delete(id);
  }

  /** Takes a project off the list and the page, with a way back until the notice of it is gone. */
  async function takeOff(id: string): Promise<() => Promise<boolean>> {
    const name = nameOf(id);
    const wasOpen = animation.getState().project?.id === id;
    // What was deleted before cannot come back any more.
    notices.dismissTopic(deletedTopic);
    await autosave.whenSettled();
    await worker.call('remove', { id });
    if (wasOpen) animation.clear('deleted');
    let wantedBack = false;
    const bringBack = async () => {
      wantedBack = true;
      notices.dismissTopic(deletedTopic);
      try {
        await worker.call('restore', { id });
      } catch (error) {
        notices.error(error);
        // Where the storage failed, it can be tried again.
        if (!(error instanceof ProjectError)) offer();
        return false;
      }
      await attempt(refresh);
      if (wasOpen && !animation.getState().start) await reopen(id);
      return true;
    };
    const offer = () => {
      wantedBack = false;
      const action = {
        label: 'Bring back',
        run: () => {
          wantedBack = true;
          forget(id);
          void bringBack();
        },
      };
      notices.info(deletedTopic, `“${name}” was deleted.`, [action], () => {
        if (!wantedBack) purge(id);
      });
    };
    offer();
    return bringBack;
  }

  /** Frees what a deleted project takes, once the offer to bring it back is gone. */
  function purge(id: string) {
    forget(id);
    history.remove(id);
    void attempt(async () => {
      // A file that is being written of it is still wanted.
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
          undo: () => bringBack(),
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

import { createStore } from 'zustand/vanilla';
import type { StoreApi } from 'zustand/vanilla';
import { WorkerError } from '../base/index.ts';
import type { Picture } from '../base/index.ts';
import type { FrameNode, ProjectDocument, ProjectStart, Settings } from '../project/index.ts';
import { startId } from '../project/index.ts';
import type { projectsApi } from '../protocol/index.ts';
import type { Link } from './link.ts';

/** Something that a person made or changed, and that is to be kept. `id` is the project's. */
export type Change = { readonly id: string } & (
  | {
      readonly kind: 'create';
      readonly document: ProjectDocument;
      readonly picture: Picture;
      readonly original: Blob;
    }
  | { readonly kind: 'append'; readonly node: FrameNode; readonly picture: Picture }
  | {
      readonly kind: 'replaceStart';
      readonly start: ProjectStart;
      readonly picture: Picture;
      readonly original: Blob;
    }
  | { readonly kind: 'update'; readonly settings?: Settings; readonly leaf?: number }
  | { readonly kind: 'removeFrames'; readonly frames: readonly number[]; readonly leaf: number }
  | { readonly kind: 'restoreFrames'; readonly frames: readonly FrameNode[]; readonly leaf: number }
  | { readonly kind: 'resume' }
  | { readonly kind: 'purge' }
);

export interface AutosaveState {
  /** Everything is on disk, something is being written, or something could not be. */
  readonly status: 'kept' | 'saving' | 'stuck';
  /** Why it is stuck. */
  readonly error: unknown;
}

/** How much room the last frame took and how much is left, in bytes. */
export interface RoomReport {
  readonly bytes: number;
  readonly left: number;
}

export interface Autosave extends StoreApi<AutosaveState> {
  /** Keeps a change, after those before it. What is stuck is tried again first. */
  readonly push: (change: Change) => void;
  /** Tries again what is stuck. */
  readonly retry: () => void;
  /** Resolves once nothing is waiting any more, or what is waiting is stuck. */
  readonly whenSettled: () => Promise<void>;
  /** Pictures of a project that are not on disk, by the ids of their frames. */
  readonly unkept: (id: string) => { readonly id: number; readonly picture: Picture }[];
}

/**
 * Keeps changes on this device one after another, in the order in which they were made. One that fails stays first in
 * line with everything behind it, in memory, until it can be kept.
 */
export function createAutosave({
  projects,
  onRoom,
}: {
  projects: Link<typeof projectsApi>;
  onRoom: (report: RoomReport) => void;
}): Autosave {
  const store = createStore<AutosaveState>()(() => ({ status: 'kept', error: null }));
  let queue: Change[] = [];
  let settled = Promise.resolve();

  function report({ bytes, left }: { readonly bytes: number; readonly left: number | null }) {
    if (left !== null) onRoom({ bytes, left });
  }

  async function keep(change: Change): Promise<void> {
    const worker = projects.current();
    try {
      switch (change.kind) {
        case 'create': {
          const { id, document, picture, original } = change;
          report(await worker.call('create', { id, document, start: picture, original }));
          return;
        }
        case 'append': {
          const { id, node, picture } = change;
          report(await worker.call('append', { id, node, picture }));
          return;
        }
        case 'replaceStart': {
          const { id, start, picture, original } = change;
          report(await worker.call('replaceStart', { id, start, picture, original }));
          return;
        }
        case 'update':
          await worker.call('update', change);
          return;
        case 'removeFrames':
          await worker.call('removeFrames', { ...change, frames: [...change.frames] });
          return;
        case 'restoreFrames':
          await worker.call('restoreFrames', { ...change, frames: [...change.frames] });
          return;
        case 'resume':
          await worker.call('resume', { id: change.id });
          return;
        case 'purge':
          await worker.call('purge', { id: change.id });
      }
    } catch (error) {
      if (error instanceof WorkerError) projects.reset(worker);
      throw error;
    }
  }

  async function work(): Promise<void> {
    store.setState({ status: 'saving', error: null });
    for (;;) {
      const [first] = queue;
      if (!first) break;
      try {
        await keep(first);
      } catch (error) {
        store.setState({ status: 'stuck', error });
        return;
      }
      queue = queue.filter((change) => change !== first);
    }
    store.setState({ status: 'kept', error: null });
  }

  const retry = () => {
    if (store.getState().status !== 'saving' && queue.length > 0) settled = work();
  };

  return {
    ...store,
    push(change) {
      const last = queue.at(-1);
      // The first may be on its way already.
      if (change.kind === 'update' && last?.kind === 'update' && last.id === change.id && queue.length > 1) {
        queue = [...queue.slice(0, -1), { ...last, ...change }];
      } else {
        queue = [...queue, change];
      }
      retry();
    },
    retry,
    async whenSettled() {
      while (store.getState().status === 'saving') await settled;
    },
    unkept(id) {
      return queue.flatMap((change) => {
        if (change.id !== id) return [];
        if (!('picture' in change)) return [];
        return [{ id: change.kind === 'append' ? change.node.id : startId, picture: change.picture }];
      });
    },
  };
}

import { createStore } from 'zustand/vanilla';
import type { StoreApi } from 'zustand/vanilla';
import { DriftError, StorageError, WorkerError } from '../base/index.ts';
import type { Picture } from '../base/index.ts';
import type { FrameNode, ProjectDocument, ProjectStart, Settings } from '../project/index.ts';
import type { Connection, projectsApi } from '../protocol/index.ts';
import type { WorkerHandle } from './worker-handle.ts';
import type { Pictures } from './pictures.ts';

/** Something that a person made or changed, and that is to be kept. `id` is the project's. */
export type Change = { readonly id: string } & (
  | {
      readonly kind: 'create';
      readonly document: ProjectDocument;
      readonly picture: Picture;
      readonly original: Blob;
    }
  /** Frames that came and went; the pictures of those that are new are still held. */
  | {
      readonly kind: 'tree';
      readonly put: readonly FrameNode[];
      readonly remove: readonly number[];
      readonly leaf: number;
      readonly pictures: readonly number[];
    }
  | { readonly kind: 'replaceStart'; readonly start: ProjectStart; readonly picture: Picture }
  | { readonly kind: 'update'; readonly settings: Settings }
  | { readonly kind: 'resume' }
  /** Marks the project as deleted, until it is restored or purged by a later visit. */
  | { readonly kind: 'remove' }
  | { readonly kind: 'restore' }
  | { readonly kind: 'purge' }
);

export interface AutosaveState {
  /** Everything is on disk, something is being written, or something could not be. */
  readonly status: 'kept' | 'saving' | 'stuck';
  /** Why it is stuck. */
  readonly error: unknown;
  /** The projects that have changes which could not be kept. */
  readonly stuck: readonly string[];
}

/** How much room the last frame took and how much is left, in bytes. */
export interface RoomReport {
  readonly bytes: number;
  readonly left: number;
}

export interface Autosave extends StoreApi<AutosaveState> {
  /** Keeps a change, after those before it. What is stuck of its project is tried again first. */
  readonly push: (change: Change) => void;
  /** Tries again what is stuck. */
  readonly retry: () => void;
  /** Resolves once nothing is waiting any more, or what is waiting is stuck. */
  readonly whenSettled: () => Promise<void>;
  /** Whether all changes of a project are on disk. */
  readonly isKept: (id: string) => boolean;
}

/** The changes of one project that wait to be kept. */
interface Lane {
  readonly id: string;
  /** In the order in which they were made; the first may be on its way already. */
  readonly changes: { readonly turn: number; change: Change }[];
  /** Why the first could not be kept; null while it can be tried. */
  failure: { readonly error: unknown } | null;
}

/** The project is not on this device any more: what is to be changed about it has nowhere to go. */
const goneCodes = new Set(['project-gone', 'project-damaged']);
/** Changes that do not need the project to be open for writing. */
const ownLease = new Set<Change['kind']>(['create', 'remove', 'restore', 'purge']);
/** Changes that are worth nothing without the project that they belong to. */
const worthless = new Set<Change['kind']>(['update', 'resume', 'remove', 'restore', 'purge']);

/**
 * Keeps changes on this device one after another, in the order in which they were made. One that fails stays first in
 * its project's line, in memory, until it can be kept; other projects are not held up by it.
 */
export function createAutosave({
  projects,
  pictures,
  onRoom,
}: {
  projects: WorkerHandle<typeof projectsApi>;
  pictures: Pick<Pictures, 'png' | 'kept'>;
  onRoom: (report: RoomReport) => void;
}): Autosave {
  const store = createStore<AutosaveState>()(() => ({ status: 'kept', error: null, stuck: [] }));
  const lanes = new Map<string, Lane>();
  let lastTurn = 0;
  let settled = Promise.resolve();

  function report({ bytes, left }: { readonly bytes: number; readonly left: number | null }) {
    if (left !== null) onRoom({ bytes, left });
  }

  async function send(worker: Connection<typeof projectsApi>, change: Change): Promise<void> {
    switch (change.kind) {
      case 'create': {
        const { id, document, picture, original } = change;
        report(await worker.call('create', { id, document, start: picture, original }));
        return;
      }
      case 'tree': {
        const { id, put, remove, leaf } = change;
        const held = await Promise.all(
          change.pictures.map(async (frame) => ({ id: frame, png: await pictures.png(id, frame) })),
        );
        const tree = { put: [...put], remove: [...remove], leaf };
        report(await worker.call('changeTree', { id, change: tree, pictures: held }));
        for (const frame of change.pictures) pictures.kept(id, frame);
        return;
      }
      case 'replaceStart': {
        const { id, start, picture } = change;
        report(await worker.call('replaceStart', { id, start, picture }));
        return;
      }
      case 'update':
        await worker.call('update', { id: change.id, settings: change.settings });
        return;
      case 'resume':
        await resume(worker, change.id);
        return;
      case 'remove':
      case 'restore':
      case 'purge':
        await worker.call(change.kind, { id: change.id });
    }
  }

  async function resume(worker: Connection<typeof projectsApi>, id: string): Promise<void> {
    if (await worker.call('resume', { id })) return;
    throw new StorageError(
      'read-only',
      'This project is open in another tab, so it cannot be changed here.',
      {
        remedy: 'Close it there, then try again.',
        details: { project: id },
      },
    );
  }

  /** Keeps a change. A worker that dies of something else is replaced once, and the project is opened in the next. */
  async function keep(change: Change): Promise<void> {
    const worker = projects.current();
    try {
      await send(worker, change);
    } catch (error) {
      if (!(error instanceof WorkerError)) throw error;
      projects.reset(worker);
      const next = projects.current();
      try {
        if (!ownLease.has(change.kind)) await resume(next, change.id);
        await send(next, change);
      } catch (again) {
        if (again instanceof WorkerError) projects.reset(next);
        throw again;
      }
    }
  }

  /** The lane whose turn it is: of those that are not stuck, the one with the oldest change. */
  function nextLane(): Lane | null {
    let next: Lane | null = null;
    for (const lane of lanes.values()) {
      const [first] = lane.changes;
      if (!first || lane.failure) continue;
      if (!next || first.turn < (next.changes[0]?.turn ?? Infinity)) next = lane;
    }
    return next;
  }

  async function work(): Promise<void> {
    store.setState({ status: 'saving', error: null });
    for (let lane = nextLane(); lane; lane = nextLane()) {
      const [first] = lane.changes;
      if (!first) break;
      try {
        await keep(first.change);
      } catch (error) {
        const { kind } = first.change;
        const isGone = error instanceof DriftError && goneCodes.has(error.code);
        const isWorthless =
          worthless.has(kind) || (first.change.kind === 'tree' && first.change.put.length === 0);
        if (!isGone || !isWorthless) {
          lane.failure = { error };
          continue;
        }
      }
      lane.changes.shift();
      if (lane.changes.length === 0) lanes.delete(lane.id);
    }
    const stuck = [...lanes.values()].filter(({ failure }) => failure);
    const [worst] = stuck;
    store.setState({
      status: worst ? 'stuck' : 'kept',
      error: worst?.failure?.error ?? null,
      stuck: stuck.map(({ id }) => id),
    });
  }

  function start() {
    if (store.getState().status !== 'saving' && nextLane()) settled = work();
  }

  return {
    ...store,
    push(change) {
      const lane = lanes.get(change.id) ?? { id: change.id, changes: [], failure: null };
      lanes.set(change.id, lane);
      const last = lane.changes.at(-1);
      if (change.kind === 'update' && last?.change.kind === 'update' && lane.changes.length > 1) {
        last.change = { ...last.change, ...change };
      } else {
        lane.changes.push({ turn: ++lastTurn, change });
      }
      lane.failure = null;
      start();
    },
    retry() {
      for (const lane of lanes.values()) lane.failure = null;
      start();
    },
    async whenSettled() {
      while (store.getState().status === 'saving') await settled;
    },
    isKept: (id) => !lanes.has(id),
  };
}

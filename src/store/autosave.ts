import { createStore } from 'zustand/vanilla';
import type { StoreApi } from 'zustand/vanilla';
import { DriftError, StorageError, WorkerError } from '../base/index.ts';
import type { Picture } from '../base/index.ts';
import type { FrameNode, PlayOrder, ProjectDocument, ProjectStart, Settings } from '../project/index.ts';
import type { Connection, projectsApi } from '../protocol/index.ts';
import type { WorkerHandle } from './worker-handle.ts';
import type { Pictures } from './pictures.ts';

/** A change to store; `id` is the project's. */
export type AutosaveChange = { readonly id: string } & (
  | {
      readonly kind: 'create';
      readonly document: ProjectDocument;
      readonly picture: Picture;
      readonly original: Blob;
    }
  /** Added and removed frames; `pictures` are the ids of frames whose PNG files are still held in memory. */
  | {
      readonly kind: 'tree';
      readonly put: readonly FrameNode[];
      readonly remove: readonly number[];
      readonly leaf: number;
      readonly order: PlayOrder | null;
      readonly pictures: readonly number[];
    }
  | { readonly kind: 'replaceStart'; readonly start: ProjectStart; readonly picture: Picture }
  | { readonly kind: 'update'; readonly settings: Settings }
  | { readonly kind: 'resume' }
  /** Marks the project as deleted; a later visit purges it unless it is restored. */
  | { readonly kind: 'remove' }
  | { readonly kind: 'restore' }
  | { readonly kind: 'purge' }
);

/** State of automatic saving. */
export interface AutosaveState {
  /** `kept`: everything is on disk; `saving`: a write is running; `stuck`: a write failed. */
  readonly status: 'kept' | 'saving' | 'stuck';
  /** The first failure, if stuck. */
  readonly error: unknown;
  /** Ids of the projects with changes that could not be stored. */
  readonly stuck: readonly string[];
}

/** Bytes that the last change wrote, and bytes that are left. */
export interface SpaceReport {
  readonly bytes: number;
  readonly left: number;
}

/** Queues of changes that the projects worker stores, one queue per project. */
export interface Autosave extends StoreApi<AutosaveState> {
  /** Queues a change. Changes of the same project that are stuck are retried before it. */
  readonly push: (change: AutosaveChange) => void;
  /** Retries all changes that are stuck. */
  readonly retry: () => void;
  /** Resolves once no change is waiting, except those that are stuck. */
  readonly whenSettled: () => Promise<void>;
  /** Whether all changes of a project are on disk. */
  readonly isKept: (id: string) => boolean;
}

/** Queue of one project's changes. */
interface Lane {
  readonly id: string;
  /** In order of `push`; `turn` orders changes across projects. The first may be running. */
  readonly changes: { readonly turn: number; change: AutosaveChange }[];
  /** Why the first change failed; null while it has not been tried since the last `push` or `retry`. */
  failure: { readonly error: unknown } | null;
}

/** Codes of errors after which a project cannot be written any more. */
const goneCodes = new Set(['project-gone', 'project-damaged']);
/** Kinds of changes that do not need the project to be open for writing. */
const ownLease = new Set<AutosaveChange['kind']>(['create', 'remove', 'restore', 'purge']);
/** Kinds of changes that are dropped if the project is gone, because nothing the user made is lost with them. */
const worthless = new Set<AutosaveChange['kind']>(['update', 'resume', 'remove', 'restore', 'purge']);

/**
 * Creates the queue that stores changes on this device, one at a time, in order. A change that fails stays first in its
 * project's queue, in memory, until a retry succeeds; it does not block other projects.
 */
export function createAutosave({
  projects,
  pictures,
  onSpace,
}: {
  projects: WorkerHandle<typeof projectsApi>;
  pictures: Pick<Pictures, 'png' | 'kept'>;
  onSpace: (report: SpaceReport) => void;
}): Autosave {
  const store = createStore<AutosaveState>()(() => ({ status: 'kept', error: null, stuck: [] }));
  const lanes = new Map<string, Lane>();
  let lastTurn = 0;
  let settled = Promise.resolve();

  function report({ bytes, left }: { readonly bytes: number; readonly left: number | null }) {
    if (left !== null) onSpace({ bytes, left });
  }

  async function send(worker: Connection<typeof projectsApi>, change: AutosaveChange): Promise<void> {
    switch (change.kind) {
      case 'create': {
        const { id, document, picture, original } = change;
        report(await worker.call('create', { id, document, start: picture, original }));
        return;
      }
      case 'tree': {
        const { id, put, remove, leaf, order } = change;
        const held = await Promise.all(
          change.pictures.map(async (frame) => ({ id: frame, png: await pictures.png(id, frame) })),
        );
        const tree = { put: [...put], remove: [...remove], leaf, order: order && [...order] };
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

  /** Stores a change. If the worker fails, it is replaced once: the new one acquires the project's lock and retries. */
  async function keep(change: AutosaveChange): Promise<void> {
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

  /** Returns the queue with the oldest change among those that are not stuck; null if there is none. */
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

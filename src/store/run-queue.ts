import { createStore } from 'zustand/vanilla';
import type { StoreApi } from 'zustand/vanilla';
import type { Settings } from '../project/index.ts';
import type { AnimationStore } from './animation.ts';
import type { GenerationStore, RunTarget } from './generation.ts';
import type { History, HistoryEntry } from './history.ts';
import type { ModelStore } from './model.ts';
import { hasFrameSize } from './modes.ts';
import type { Notices } from './notices.ts';
import type { SettingsStore } from './settings.ts';

/** Maximum number of queued runs. */
export const mostQueued = 20;

const topic = 'queue';

/** A run that begins when those before it have ended. It continues the animation from its last frame then. */
export interface QueuedRun {
  readonly id: number;
  /** The settings at the moment when it was queued. */
  readonly settings: Settings;
  readonly target: RunTarget;
}

/** Why queued runs wait for the user. */
export type QueuePause =
  /** A run with these settings ended by an error. */
  | { readonly reason: 'failed'; readonly settings: Settings }
  /** The animation was changed while a run continued it. */
  | { readonly reason: 'changed' }
  /** Another model is in use than the one that they were queued for. */
  | { readonly reason: 'model'; readonly model: string }
  /** They were brought back while no run was in progress. */
  | { readonly reason: 'restored' };

/** State of the run queue. */
export interface QueueState {
  readonly runs: readonly QueuedRun[];
  /** Null while the next run begins by itself. */
  readonly paused: QueuePause | null;
}

/** The run queue. */
export interface QueueStore extends StoreApi<QueueState> {
  /**
   * Queues a run with the current settings, behind the run in progress. Does nothing if there is nothing to wait for, the
   * queue is full, variants are picked by hand, or the model, whose defaults are part of the settings, is loading.
   */
  readonly add: () => void;
  readonly remove: (id: number) => void;
  /** Moves a run by a number of positions; negative is toward the front. */
  readonly move: (id: number, by: number) => void;
  readonly clear: () => void;
  /** Begins the next run of a paused queue, with the model in use. */
  readonly goOn: () => void;
  /** Stops the run in progress and empties the queue. */
  readonly stopAll: () => void;
}

/**
 * Creates the queue of runs. When a run has ended or is stopped, the next one begins; after an error or a change of the
 * animation the queue pauses. It belongs to the project on the page, and is not kept across visits. All edits can be
 * undone as long as the runs have not begun.
 */
export function createRunQueue({
  generation,
  animation,
  model,
  settings,
  notices,
  history,
}: {
  generation: GenerationStore;
  animation: AnimationStore;
  model: ModelStore;
  settings: SettingsStore;
  notices: Notices;
  history: History;
}): QueueStore {
  const store = createStore<QueueState>()(() => ({ runs: [], paused: null }));
  let lastId = 0;
  /** The queued run that is in progress. */
  let current: QueuedRun | null = null;
  /** Settings, one object per queued run, of runs that have begun. */
  const begun = new WeakSet<Settings>();
  const additions = new WeakMap<Settings, HistoryEntry>();

  const projectId = () => animation.getState().project?.id ?? '';
  const modelName = () => model.getState().model?.name ?? '';

  /** Replaces the runs. They never begin by themselves while no run is in progress: that would surprise. */
  function put(runs: readonly QueuedRun[]) {
    const isIdle = generation.getState().run === null;
    store.setState(({ paused }) => ({
      runs,
      paused: runs.length === 0 ? null : (paused ?? (isIdle ? { reason: 'restored' } : null)),
    }));
  }

  /** Replaces the runs, and records that for undo. */
  function edit(label: string, after: readonly QueuedRun[], before = store.getState().runs): HistoryEntry {
    const project = projectId();
    const known = new Set([...before, ...after].map(({ id }) => id));
    const go = (wanted: readonly QueuedRun[]) => () => {
      if (projectId() !== project) return false;
      // Runs that have begun since stay out, and those queued since stay in.
      const added = store.getState().runs.filter(({ id }) => !known.has(id));
      put([...wanted.filter((run) => !begun.has(run.settings)), ...added].slice(0, mostQueued));
      return true;
    };
    put(after);
    return history.record({
      label,
      touches: 'queue',
      projects: [project],
      undo: go(before),
      redo: go(after),
    });
  }

  function advance() {
    const { runs, paused } = store.getState();
    const [next, ...rest] = runs;
    if (!next || paused || generation.getState().run) return;
    begun.add(next.settings);
    const addition = additions.get(next.settings);
    if (addition) history.remove(addition);
    store.setState({ runs: rest });
    current = next;
    void generation.start(next.settings, next.target);
  }

  function pause(paused: QueuePause) {
    store.setState({ paused });
    notices.announce(`The queue is paused: ${countRuns(store.getState().runs.length)} left.`);
  }

  generation.onEnd(({ kind, run }) => {
    const own = current;
    current = null;
    const isUndone = kind === 'replaced' && own !== null && run.made === 0;
    if (isUndone) {
      begun.delete(own.settings);
      store.setState(({ runs }) => ({ runs: [own, ...runs] }));
    }
    const { runs, paused } = store.getState();
    const [next] = runs;
    if (!next) return;
    if (kind === 'failed') {
      pause({ reason: 'failed', settings: run.settings });
    } else if (kind !== 'replaced') {
      advance();
    } else if (!paused) {
      const { model: wanted } = next.target;
      const isOther = isUndone && wanted !== '' && wanted !== modelName();
      pause(isOther ? { reason: 'model', model: wanted } : { reason: 'changed' });
    }
  });

  animation.subscribe(({ project }, before) => {
    const { runs } = store.getState();
    if (project?.id === before.project?.id || runs.length === 0) return;
    store.setState({ runs: [], paused: null });
    const were = runs.length === 1 ? 'was' : 'were';
    const message = `${countRuns(runs.length)} ${were} taken off the queue, which belonged to the project before.`;
    const again = () => {
      const target = { project: projectId(), model: modelName() };
      const moved = runs.map(({ settings: values }) => ({
        id: ++lastId,
        settings: { ...values },
        target,
      }));
      edit('Queue again', [...store.getState().runs, ...moved].slice(0, mostQueued));
    };
    notices.info(topic, message, project ? [{ label: 'Queue for this project', run: again }] : []);
  });

  const queue: QueueStore = {
    ...store,
    add() {
      const { runs } = store.getState();
      const { run } = generation.getState();
      const isReady = model.getState().status === 'ready';
      if (!isReady || (!run && runs.length === 0) || runs.length >= mostQueued) return;
      const values = settings.commitAll();
      const size = animation.getState().frames.at(-1) ?? run ?? undefined;
      if (!values || values.mode === 'pick' || !hasFrameSize(values, size, settings)) return;
      const own = { ...values };
      const target = { project: projectId(), model: modelName() };
      additions.set(own, edit('Add to queue', [...runs, { id: ++lastId, settings: own, target }]));
      notices.announce(`Added to the queue: ${countRuns(runs.length + 1)}.`);
    },
    remove(id) {
      const { runs } = store.getState();
      const rest = runs.filter((run) => run.id !== id);
      if (rest.length === runs.length) return;
      edit('Remove from queue', rest);
      notices.announce(`Removed from the queue: ${countRuns(rest.length)} left.`);
    },
    move(id, by) {
      const { runs } = store.getState();
      const from = runs.findIndex((run) => run.id === id);
      const to = Math.min(runs.length - 1, Math.max(0, from + by));
      const [moved] = runs.slice(from, from + 1);
      if (from < 0 || !moved || to === from) return;
      edit('Reorder queue', runs.toSpliced(from, 1).toSpliced(to, 0, moved));
      notices.announce(`Run ${to + 1} of ${runs.length} in the queue.`);
    },
    clear() {
      if (store.getState().runs.length === 0) return;
      edit('Clear queue', []);
      notices.announce('The queue is empty.');
    },
    goOn() {
      const name = modelName();
      store.setState(({ runs }) => ({
        paused: null,
        runs: runs.map((run) => ({ ...run, target: { ...run.target, model: name } })),
      }));
      advance();
    },
    stopAll() {
      const { runs } = store.getState();
      put([]);
      generation.stop();
      // After what the run records, so that the next undo brings the queue back.
      if (runs.length > 0) edit('Stop all', [], runs);
    },
  };
  return queue;
}

/** A number of runs in words: `1 run`, `2 runs`. */
export function countRuns(count: number): string {
  return count === 1 ? '1 run' : `${count} runs`;
}

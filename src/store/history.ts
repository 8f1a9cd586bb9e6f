import { createStore } from 'zustand/vanilla';
import type { StoreApi } from 'zustand/vanilla';
import { ProjectError } from '../base/index.ts';
import type { Notices } from './notices.ts';

/** An undoable action. */
export interface HistoryEntry {
  /** Name of the action, for buttons and announcements: “Undo: Delete frames”. */
  readonly label: string;
  /** What it changes: entries that change frames cannot be undone or redone during a run. */
  readonly touches: 'settings' | 'frames' | 'queue';
  /** Ids of the projects that the entry refers to. */
  readonly projects: readonly string[];
  /** Memory that the entry holds, relative to that of a changed setting; default 1. */
  readonly weight?: number;
  /**
   * Undoes the action; returns false if that is no longer possible, which removes the entry. What it records itself is
   * ignored until its first `await`; after that the user may be doing something else, which is recorded.
   */
  readonly undo: () => boolean | Promise<boolean>;
  readonly redo: () => boolean | Promise<boolean>;
}

/** State of the history. */
export interface HistoryState {
  /** Entries of the next undo and the next redo; null if there is none. */
  readonly undo: HistoryEntry | null;
  readonly redo: HistoryEntry | null;
}

/** Undo and redo of changes to the animation and the settings. */
export interface History extends StoreApi<HistoryState> {
  /**
   * Adds an entry, clears the redo entries, and cancels undos and redos that wait for another. Ignored inside of `undo`,
   * `redo` and `quietly`.
   */
  readonly record: (entry: HistoryEntry) => HistoryEntry;
  /** Replaces the newest entry if it is `last`, to coalesce changes; otherwise adds the entry. */
  readonly amend: (last: HistoryEntry | null, entry: HistoryEntry) => HistoryEntry;
  /** Runs synchronous work without recording, as part of an action that the caller records. */
  readonly quietly: <T>(work: () => T) => T;
  /** Undoes the newest entry, after the undos and redos that are still running. */
  readonly undo: () => Promise<void>;
  readonly redo: () => Promise<void>;
  /** Whether an entry can be undone. */
  readonly includes: (entry: HistoryEntry) => boolean;
  /** Undoes one entry out of order and removes it. Does nothing if it is not in the history. */
  readonly undoAlone: (entry: HistoryEntry) => void;
  /** Removes an entry, or all entries that refer to a project, by its id. */
  readonly remove: (what: HistoryEntry | string) => void;
}

/** Maximum sum of the weights of undo entries; the oldest are dropped first. */
export const historyCapacity = 100;

/** Creates the bounded, linear undo history of the page. Undo and redo are announced to screen readers. */
export function createHistory({
  mayChangeFrames,
  notices,
}: {
  mayChangeFrames: () => boolean;
  notices: Pick<Notices, 'announce' | 'error'>;
}): History {
  const store = createStore<HistoryState>()(() => ({ undo: null, redo: null }));
  let done: HistoryEntry[] = [];
  let undone: HistoryEntry[] = [];
  /** Nesting depth of work that is not recorded. */
  let quiet = 0;
  /** Number of entries recorded so far. */
  let recorded = 0;
  /** The undo or redo that was requested last; null if none is running. */
  let running: Promise<void> | null = null;

  function update() {
    let weight = 0;
    const kept = done.toReversed().filter(({ weight: own = 1 }) => (weight += own) <= historyCapacity);
    done = kept.reverse();
    store.setState({ undo: done.at(-1) ?? null, redo: undone.at(-1) ?? null });
  }

  async function move(direction: 'undo' | 'redo'): Promise<void> {
    const [from, to] = direction === 'undo' ? [done, undone] : [undone, done];
    const entry = from.at(-1);
    if (!entry || (entry.touches === 'frames' && !mayChangeFrames())) return;
    // Moved before it is undone, so that what the user does meanwhile is recorded after it, as usual.
    from.pop();
    to.push(entry);
    update();
    const verb = direction === 'undo' ? 'undone' : 'redone';
    if (await attempt(entry, verb, () => history.quietly(() => entry[direction]()))) {
      notices.announce(`${direction === 'undo' ? 'Undone' : 'Redone'}: ${entry.label}.`);
    } else {
      history.remove(entry);
      notices.announce(`“${entry.label}” could not be ${verb}.`);
    }
  }

  /** Runs an undo or redo, and shows why it failed. Returns whether it succeeded. */
  async function attempt(
    { label }: HistoryEntry,
    verb: 'undone' | 'redone',
    work: () => boolean | Promise<boolean>,
  ): Promise<boolean> {
    try {
      if (await work()) return true;
      notices.error(
        new ProjectError('not-undoable', `“${label}” could not be ${verb}.`, {
          remedy:
            'The project that it belongs to is not on this page, or another tab has it open. What was done before can still be undone.',
        }),
      );
    } catch (error) {
      notices.error(error);
    }
    return false;
  }

  /**
   * Undoes or redoes, after those that are still running. One that had to wait is dropped if something was recorded
   * meanwhile, because it meant an older entry.
   */
  function request(direction: 'undo' | 'redo'): Promise<void> {
    const asked = recorded;
    const turn = running;
    const own: Promise<void> = (
      turn ? turn.then(() => (recorded === asked ? move(direction) : undefined)) : move(direction)
    ).finally(() => {
      if (running === own) running = null;
    });
    running = own;
    return own;
  }

  const history: History = {
    ...store,
    record(entry) {
      if (quiet > 0) return entry;
      recorded++;
      done.push(entry);
      undone = [];
      update();
      return entry;
    },
    amend(last, entry) {
      if (quiet === 0 && last && done.at(-1) === last) done.pop();
      return history.record(entry);
    },
    quietly(work) {
      quiet++;
      try {
        return work();
      } finally {
        quiet--;
      }
    },
    undo: () => request('undo'),
    redo: () => request('redo'),
    includes: (entry) => done.includes(entry),
    undoAlone(entry) {
      if (!done.includes(entry)) return;
      history.remove(entry);
      void attempt(entry, 'undone', () => history.quietly(() => entry.undo()));
    },
    remove(what) {
      const stays = (entry: HistoryEntry) =>
        typeof what === 'string' ? !entry.projects.includes(what) : entry !== what;
      done = done.filter(stays);
      undone = undone.filter(stays);
      update();
    },
  };
  return history;
}

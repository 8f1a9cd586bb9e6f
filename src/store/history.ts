import { createStore } from 'zustand/vanilla';
import type { StoreApi } from 'zustand/vanilla';
import type { Notices } from './notices.ts';

/** One undoable action. */
export interface HistoryEntry {
  /** What was done, for the buttons and the announcement: “Undo: Delete frames”. */
  readonly label: string;
  /** Entries that change frames wait while a run is making more of them. */
  readonly touches: 'settings' | 'frames';
  /** Ids of the projects that the entry needs. */
  readonly projects: readonly string[];
  /** How much memory it holds on to, compared with a changed setting. */
  readonly weight?: number;
  /** Takes it back; false where that is not possible any more, which removes the entry. */
  readonly undo: () => boolean | Promise<boolean>;
  readonly redo: () => boolean | Promise<boolean>;
}

export interface HistoryState {
  /** What the next undo and the next redo act on; null for nothing. */
  readonly undo: HistoryEntry | null;
  readonly redo: HistoryEntry | null;
}

export interface History extends StoreApi<HistoryState> {
  /** Adds an entry and clears what could be redone. Ignored while an undo or redo is running. */
  readonly record: (entry: HistoryEntry) => HistoryEntry;
  /** Replaces the newest entry if it is `last`; adds the entry otherwise. */
  readonly amend: (last: HistoryEntry | null, entry: HistoryEntry) => HistoryEntry;
  /** Runs synchronous work without recording: it is a part of what the caller records. */
  readonly quietly: <T>(work: () => T) => T;
  readonly undo: () => Promise<void>;
  readonly redo: () => Promise<void>;
  /** Undoes one entry out of order and removes it. Does nothing when it is not there any more. */
  readonly undoAlone: (entry: HistoryEntry) => void;
  /** Removes an entry, or every entry that needs a project. */
  readonly remove: (what: HistoryEntry | string) => void;
}

/** The largest sum of weights that is kept; the oldest entries are dropped first. */
export const historyCapacity = 100;

/** Undo and redo: one bounded, linear history of what was done on the page. Its announcements are read out. */
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
  /** Above zero while what happens is not recorded. */
  let quiet = 0;

  function update() {
    let weight = 0;
    const kept = done.toReversed().filter(({ weight: own = 1 }) => (weight += own) <= historyCapacity);
    done = kept.reverse();
    store.setState({ undo: done.at(-1) ?? null, redo: undone.at(-1) ?? null });
  }

  async function move(way: 'undo' | 'redo'): Promise<void> {
    const from = way === 'undo' ? done : undone;
    const entry = from.at(-1);
    if (!entry || quiet > 0 || (entry.touches === 'frames' && !mayChangeFrames())) return;
    from.pop();
    quiet++;
    let moved = false;
    try {
      moved = await entry[way]();
      if (moved) (way === 'undo' ? undone : done).push(entry);
    } catch (error) {
      notices.error(error);
    } finally {
      quiet--;
      update();
    }
    const verb = way === 'undo' ? 'Undone' : 'Redone';
    notices.announce(
      moved ? `${verb}: ${entry.label}.` : `“${entry.label}” could not be ${verb.toLowerCase()}.`,
    );
  }

  const history: History = {
    ...store,
    record(entry) {
      if (quiet > 0) return entry;
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
    undo: () => move('undo'),
    redo: () => move('redo'),
    undoAlone(entry) {
      if (!done.includes(entry)) return;
      history.remove(entry);
      void history.quietly(() => entry.undo());
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

import type { History, HistoryEntry } from './history.ts';
import type { Notices } from './notices.ts';

/** Notices that offer to undo one entry of the history, for as long as it can be undone. */
export interface Offers {
  /** Shows a notice with a button that undoes an entry, replacing notices of the same topic. */
  readonly show: (topic: string, message: string, label: string, entry: HistoryEntry) => void;
}

/** Creates offers to undo; their notices go when the entry can no longer be undone. */
export function createOffers({ history, notices }: { history: History; notices: Notices }): Offers {
  /** Entries by the topic of the notice that offers to undo them. */
  const offered = new Map<string, HistoryEntry>();

  history.subscribe(() => {
    for (const [topic, entry] of offered) if (!history.includes(entry)) notices.dismissTopic(topic);
  });

  return {
    show(topic, message, label, entry) {
      offered.set(topic, entry);
      const undo = () => {
        history.undoAlone(entry);
      };
      notices.info(topic, message, [{ label, run: undo }], () => {
        if (offered.get(topic) === entry) offered.delete(topic);
      });
    },
  };
}

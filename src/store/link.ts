import type { Api, Connection } from '../protocol/index.ts';

/** A connection that is opened when it is first needed and can be opened anew. */
export interface Link<A extends Api> {
  current(): Connection<A>;
  /**
   * Ends the worker, if there is one; the next `current` starts another. Whoever gives up on a worker names it, so
   * that of several who do, only the first ends it, and nobody its successor.
   */
  reset(worker?: Connection<A>): void;
}

export function createLink<A extends Api>(open: () => Connection<A>): Link<A> {
  let connection: Connection<A> | null = null;
  return {
    current: () => (connection ??= open()),
    reset(worker) {
      if (worker && worker !== connection) return;
      connection?.close();
      connection = null;
    },
  };
}

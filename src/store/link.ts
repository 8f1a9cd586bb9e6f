import type { Api, Connection } from '../protocol/index.ts';

/** A connection that is opened when it is first needed and can be opened anew. */
export interface Link<A extends Api> {
  current(): Connection<A>;
  /** Ends the worker, if there is one; the next `current` starts another. */
  reset(): void;
}

export function createLink<A extends Api>(open: () => Connection<A>): Link<A> {
  let connection: Connection<A> | null = null;
  return {
    current: () => (connection ??= open()),
    reset() {
      connection?.close();
      connection = null;
    },
  };
}

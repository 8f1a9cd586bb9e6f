import { WorkerError } from '../base/index.ts';
import type { Api, Connection } from '../protocol/index.ts';

/** A connection to a worker that is opened when it is first needed and can be opened anew. */
export interface WorkerHandle<A extends Api> {
  current(): Connection<A>;
  /** Calls a method of the current worker. One that has died is ended, so that the next call starts another. */
  readonly call: Connection<A>['call'];
  /**
   * Ends a worker that the caller has given up; the next `current` starts another. Where several callers give up the
   * same one, the first ends it, and none ends its successor.
   */
  reset(worker: Connection<A>): void;
  /** Ends the worker, whichever it is; the next `current` starts another. */
  restart(): void;
}

export function createWorkerHandle<A extends Api>(open: () => Connection<A>): WorkerHandle<A> {
  let connection: Connection<A> | null = null;
  const handle: WorkerHandle<A> = {
    current: () => (connection ??= open()),
    async call(...call) {
      const worker = handle.current();
      try {
        return await worker.call(...call);
      } catch (error) {
        if (error instanceof WorkerError) handle.reset(worker);
        throw error;
      }
    },
    reset(worker) {
      if (worker === connection) handle.restart();
    },
    restart() {
      connection?.close();
      connection = null;
    },
  };
  return handle;
}

import { WorkerError } from '../base/index.ts';
import type { Api, Connection } from '../protocol/index.ts';

/** Connection to a worker that is started on demand and can be restarted. */
export interface WorkerHandle<A extends Api> {
  /** Returns the current worker; starts one if there is none. */
  current(): Connection<A>;
  /** Calls a method of the current worker. After a WorkerError, the worker is ended; the next call starts another. */
  readonly call: Connection<A>['call'];
  /**
   * Ends a worker after a failure, if it is still the current one; the next `current` starts another. Safe to call
   * several times for the same worker: its successor is not ended.
   */
  reset(worker: Connection<A>): void;
  /** Ends the current worker; the next `current` starts another. */
  restart(): void;
}

/** Creates a handle whose worker is started by `open` with the first call, and again after it has died. */
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

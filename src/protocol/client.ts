import { WorkerError, errorFromWire } from '../base/index.ts';
import { parseMessage, responseSchema, unreadableMessage } from './messages.ts';
import type { Api, Event, Params, Request, Response, Result } from './messages.ts';

/** The part of `Worker` that the client uses; tests implement it in memory. */
export interface WorkerLike {
  postMessage(message: unknown, transfer: Transferable[]): void;
  addEventListener(type: 'message' | 'messageerror', listener: (event: MessageEvent<unknown>) => void): void;
  addEventListener(type: 'error', listener: (event: ErrorEvent) => void): void;
  terminate(): void;
}

export interface CallOptions<E> {
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: (event: E) => void;
  /** Buffers in the parameters to transfer instead of copy. */
  readonly transfer?: Transferable[];
}

/** RPC client of a worker. */
export interface Connection<A extends Api> {
  /**
   * Calls a method. Rejects with the worker's error, with the signal's AbortError once the worker has stopped, or with
   * WorkerError `worker-died`, `worker-closed`, or `protocol` for a message outside the protocol.
   */
  call<K extends keyof A & string>(
    method: K,
    params: Params<A[K]>,
    options?: CallOptions<Event<A[K]>>,
  ): Promise<Result<A[K]>>;
  /** Terminates the worker; pending calls reject. */
  close(): void;
}

interface Pending {
  readonly event: (event: unknown) => void;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Connects to a worker that `serve`s `api`. Everything it sends is validated against its schema. */
export function connect<A extends Api>(worker: WorkerLike, api: A): Connection<A> {
  const pending = new Map<number, Pending>();
  let nextId = 1;
  let dead: WorkerError | null = null;
  const post = (request: Request, transfer: Transferable[] = []) => {
    worker.postMessage(request, transfer);
  };

  function die(error: WorkerError) {
    dead = error;
    const calls = [...pending.values()];
    pending.clear();
    for (const call of calls) call.reject(error);
  }

  worker.addEventListener('error', (event) => {
    event.preventDefault();
    die(
      new WorkerError(
        'worker-died',
        `A background part of Drift stopped: ${event.message || 'no reason given'}.`,
        {
          remedy: 'Your frames are kept. Reload the page to start it again.',
        },
      ),
    );
  });
  worker.addEventListener('messageerror', () => {
    // It may have been the answer to an unknown call.
    die(unreadableMessage('a message of a worker'));
  });
  worker.addEventListener('message', ({ data }) => {
    let response: Response;
    try {
      response = parseMessage(responseSchema, 'a message of a worker', data);
    } catch (error) {
      // It may have been the answer to an unknown call.
      if (error instanceof WorkerError) die(error);
      return;
    }
    if (response.kind === 'unreadable') {
      die(unreadableMessage('a message to a worker'));
      return;
    }
    const call = pending.get(response.id);
    if (!call) return;
    if (response.kind === 'event') {
      call.event(response.event);
      return;
    }
    pending.delete(response.id);
    if (response.kind === 'result') call.resolve(response.result);
    else call.reject(errorFromWire(response.error));
  });

  return {
    async call(method, params, { signal, onEvent, transfer } = {}) {
      signal?.throwIfAborted();
      if (dead) throw dead;
      const definition = api[method];
      if (!definition) {
        throw new WorkerError('protocol', `There is no method ${method}.`, { remedy: 'Reload the page.' });
      }
      const id = nextId++;
      const abort = () => {
        post({ kind: 'abort', id });
      };
      signal?.addEventListener('abort', abort, { once: true });
      try {
        const result = await new Promise<unknown>((resolve, reject) => {
          pending.set(id, {
            event: (event) => {
              try {
                onEvent?.(parseMessage(definition.event, `an event of ${method}`, event));
              } catch (error) {
                pending.delete(id);
                abort();
                reject(error instanceof Error ? error : new Error(String(error)));
              }
            },
            resolve,
            reject,
          });
          post({ kind: 'call', id, method, params }, transfer);
        });
        return parseMessage(definition.result, `a result of ${method}`, result);
      } finally {
        pending.delete(id);
        signal?.removeEventListener('abort', abort);
      }
    },
    close() {
      worker.terminate();
      die(new WorkerError('worker-closed', 'This part of Drift was closed.', { remedy: 'Reload the page.' }));
    },
  };
}

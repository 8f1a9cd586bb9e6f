import { WorkerError, errorToWire } from '../base/index.ts';
import { parseMessage, requestSchema } from './messages.ts';
import type { Api, Event, Params, Response, Result } from './messages.ts';

/** The worker's end of a channel: the part shared by a worker's global scope and a MessagePort. */
export interface MessageEndpoint {
  postMessage(message: unknown, transfer: Transferable[]): void;
  addEventListener(type: 'message' | 'messageerror', listener: (event: MessageEvent<unknown>) => void): void;
}

/** A result or event, with the buffers to transfer instead of copy. */
export interface WithTransfer<T> {
  readonly value: T;
  readonly transfer: Transferable[];
}

export type Handler<M extends Api[string]> = (
  params: Params<M>,
  context: {
    /** Aborted when the caller cancels. */
    readonly signal: AbortSignal;
    /** Sends a progress event. */
    readonly emit: (event: Event<M>, transfer?: Transferable[]) => void;
  },
) => Promise<WithTransfer<Result<M>>>;

export type Handlers<A extends Api> = { readonly [K in keyof A]: Handler<A[K]> };

/**
 * RPC server: answers each call on `port` exactly once, with a result or a typed error. Calls run concurrently; handlers
 * that must not overlap queue themselves.
 */
export function serve<A extends Api>(port: MessageEndpoint, api: A, handlers: Handlers<A>): void {
  const running = new Map<number, AbortController>();
  const post = (response: Response, transfer: Transferable[] = []) => {
    port.postMessage(response, transfer);
  };

  async function call(id: number, method: string, params: unknown): Promise<void> {
    const controller = new AbortController();
    running.set(id, controller);
    try {
      const definition = Object.hasOwn(api, method) ? api[method] : undefined;
      const handler = handlers[method];
      if (!definition || !handler) {
        throw new WorkerError('protocol', `This worker has no method ${method}.`, {
          remedy: 'Reload the page.',
          details: { method },
        });
      }
      const { value, transfer } = await handler(
        parseMessage(definition.params, `a call of ${method}`, params),
        {
          signal: controller.signal,
          emit: (event, eventTransfer) => {
            post({ kind: 'event', id, event }, eventTransfer);
          },
        },
      );
      post({ kind: 'result', id, result: value }, transfer);
    } catch (error) {
      post({ kind: 'error', id, error: errorToWire(error) });
    } finally {
      running.delete(id);
    }
  }

  // A request that could not be deserialised; its id is unknown.
  port.addEventListener('messageerror', () => {
    post({ kind: 'unreadable' });
  });
  port.addEventListener('message', ({ data }) => {
    const request = parseMessage(requestSchema, 'a message to a worker', data);
    if (request.kind === 'abort') running.get(request.id)?.abort();
    else void call(request.id, request.method, request.params);
  });
}

import { connect, serve } from '../../../../src/protocol/index.ts';
import type { Api, Connection, Handlers } from '../../../../src/protocol/index.ts';
import { createStorageChannel } from '../../../support/storage/channel.ts';

const open = new Set<() => void>();

/** Closes all connections. */
export function closeConnections(): void {
  for (const close of open) close();
  open.clear();
}

/** A connection to handlers behind a real message port, with a way to kill them. */
export function openFake<A extends Api>(
  api: A,
  handlers: Handlers<A>,
): { connection: Connection<A>; die: (message: string) => void } {
  const { page, worker, start, close } = createStorageChannel();
  const errorListeners: ((event: ErrorEvent) => void)[] = [];
  serve(worker, api, handlers);
  start();
  open.add(close);
  const connection = connect(
    {
      postMessage: page.postMessage,
      addEventListener(
        ...listening:
          | [type: 'message' | 'messageerror', listener: (event: MessageEvent<unknown>) => void]
          | [type: 'error', listener: (event: ErrorEvent) => void]
      ) {
        if (listening[0] !== 'error') page.addEventListener(listening[0], listening[1]);
        else errorListeners.push(listening[1]);
      },
      terminate: close,
    },
    api,
  );
  return {
    connection,
    die(message) {
      close();
      const event = Object.assign(new Event('error'), {
        message,
        filename: '',
        lineno: 0,
        colno: 0,
        error: undefined,
      });
      for (const listener of errorListeners) listener(event);
    },
  };
}

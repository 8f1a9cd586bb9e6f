import { PickedFile } from './picked-file.ts';
import { isStored } from './stored-file.ts';

type Listener = (event: MessageEvent<unknown>) => void;

/** One end of a channel between the page and a worker. */
export interface StorageEndpoint {
  readonly postMessage: (message: unknown, transfer: Transferable[]) => void;
  readonly addEventListener: (type: 'message' | 'messageerror', listener: Listener) => void;
}

/**
 * A `MessageChannel` that clones files and file handles as browsers do: the clone refers to the same file, and becomes
 * unreadable with it. Node's structured clone copies their contents instead.
 */
export function createStorageChannel(): {
  readonly page: StorageEndpoint;
  readonly worker: StorageEndpoint;
  /** Starts delivering messages, including those sent before. */
  readonly start: () => void;
  readonly close: () => void;
} {
  const { port1, port2 } = new MessageChannel();
  return {
    page: endpoint(port1, port2),
    worker: endpoint(port2, port1),
    start() {
      port1.start();
      port2.start();
    },
    close() {
      port1.close();
      port2.close();
    },
  };
}

/** Messages in transit to a port, oldest first. */
const underWay = new WeakMap<MessagePort, unknown[]>();

function endpoint(own: MessagePort, other: MessagePort): StorageEndpoint {
  underWay.set(own, []);
  return {
    postMessage(message, transfer) {
      // Before it is queued, because this throws if the message cannot be cloned.
      own.postMessage(message, transfer);
      underWay.get(own)?.push(message);
    },
    addEventListener(type, listener) {
      if (type === 'messageerror') {
        own.addEventListener(type, listener);
        return;
      }
      own.addEventListener(type, ({ data }: MessageEvent<unknown>) => {
        const sent = underWay.get(other)?.shift();
        listener(new MessageEvent('message', { data: withStored(data, sent) }));
      });
    },
  };
}

/** A received message with the files of the sent one in place of their copies. */
function withStored(received: unknown, sent: unknown): unknown {
  if (isStored(sent) || sent instanceof PickedFile) return sent;
  if (Array.isArray(received) && Array.isArray(sent)) {
    return received.map((value, index) => withStored(value, sent[index]));
  }
  if (!isRecord(received) || !isRecord(sent)) return received;
  return Object.fromEntries(
    Object.entries(received).map(([key, value]) => [key, withStored(value, sent[key])]),
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

import { anySignal } from './any-signal.ts';

/** FIFO mutex with cancellation: one task at a time, so that two animations never need GPU memory at once. */
export interface Queue {
  /**
   * Runs `task` after all earlier tasks have settled; their failures do not affect it. If `signal` is aborted while the
   * task waits, the task never starts and the promise rejects at once with the signal's reason.
   */
  run<T>(signal: AbortSignal | undefined, task: () => Promise<T>): Promise<T>;
}

/** Creates an empty queue. */
export function createQueue(): Queue {
  let last: Promise<unknown> = Promise.resolve();
  return {
    run(signal, task) {
      const turn = last;
      const result = (async () => {
        await (signal ? abortable(turn, signal) : turn);
        return await task();
      })();
      // Also wait for `turn`: if this task gave up waiting, the one before it is still running.
      last = Promise.allSettled([turn, result]).then(() => undefined);
      return result;
    },
  };
}

/** The error that cancelled work rejects with: the signal's reason, or an `AbortError` if that is not an Error. */
export function abortReason(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new DOMException('Stopped.', 'AbortError');
}

/**
 * `promise`, or a rejection with the signal's reason as soon as it is aborted: for work that cannot be interrupted. The
 * promise's outcome is ignored after that.
 */
export async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  // Also of a signal that is aborted already: the work has begun, and may fail because it is given up.
  promise.catch(() => undefined);
  signal.throwIfAborted();
  const listening = new AbortController();
  const aborted = new Promise<never>((_, reject) => {
    const abort = () => {
      reject(abortReason(signal));
    };
    signal.addEventListener('abort', abort, { once: true, signal: listening.signal });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    listening.abort();
  }
}

/**
 * Runs concurrent work with a signal that is aborted when `signal` is, and when the work fails, so that its remaining
 * parts stop too.
 */
export async function allOrNone<T>(
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const failed = new AbortController();
  try {
    return await work(signal ? anySignal([signal, failed.signal]) : failed.signal);
  } catch (error) {
    failed.abort();
    throw error;
  }
}

/** Runs one task after the other, so that two animations never need memory at the same time. */
export interface Queue {
  /**
   * Runs `task` once everything before it has ended, well or badly. A task whose signal, if it has one, is aborted while it waits
   * never starts, and its promise rejects at once with the signal's reason.
   */
  run<T>(signal: AbortSignal | undefined, task: () => Promise<T>): Promise<T>;
}

export function createQueue(): Queue {
  let last: Promise<unknown> = Promise.resolve();
  return {
    run(signal, task) {
      const turn = last;
      const result = (async () => {
        await (signal ? abortable(turn, signal) : turn);
        return await task();
      })();
      // The next one waits for its predecessor's task too where this one gave up waiting, and for no failure.
      last = Promise.allSettled([turn, result]).then(() => undefined);
      return result;
    },
  };
}

/** What an aborted signal's work rejects with. */
export function abortReason(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new DOMException('Stopped.', 'AbortError');
}

/**
 * `promise`, or a rejection with the signal's reason as soon as it is aborted: for work that cannot be interrupted
 * itself. What the promise does afterwards is ignored.
 */
export async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
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
 * Runs work that does several things at once. The signal that it gets is aborted with the given one, and as soon as
 * the work fails: what it has begun besides ends with it.
 */
export async function allOrNone<T>(
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const failed = new AbortController();
  try {
    return await work(signal ? AbortSignal.any([signal, failed.signal]) : failed.signal);
  } catch (error) {
    failed.abort();
    throw error;
  }
}

import { abortReason, anySignal } from '../../base/index.ts';

/**
 * Runs `task` for each item in order, at most `atOnce` concurrently. A failure, or the signal, aborts the others; rejects
 * after all have settled, so that the caller can close what they use.
 */
export async function inParallel<T>(
  items: Iterable<T>,
  atOnce: number,
  signal: AbortSignal | undefined,
  task: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const failed = new AbortController();
  const stop = signal ? anySignal([signal, failed.signal]) : failed.signal;
  const rest = items[Symbol.iterator]();
  const errors: unknown[] = [];
  const work = async () => {
    for (let next = rest.next(); next.done !== true && !stop.aborted; next = rest.next()) {
      try {
        await task(next.value, stop);
      } catch (error) {
        errors.push(error);
        failed.abort();
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  if (signal?.aborted === true) throw abortReason(signal);
  if (errors.length > 0) throw errors[0];
}

import { abortReason, isTransient } from '../base/index.ts';
import type { ModelError } from '../base/index.ts';
import type { Environment } from './environment.ts';

/** Delays of the exponential back-off, in milliseconds: the first, which doubles with each failure, and the maximum. */
const firstWait = 5_000;
const longestWait = 60_000;

/**
 * Retries an operation after transient errors, without limit, until it succeeds. Waits with exponential back-off, or
 * until the browser reports that the network is available again.
 *
 * @param gained a counter that grows while the operation makes progress; progress resets the back-off
 * @param onWait called before each wait
 * @throws the operation's error if it is not transient; the signal's reason when aborted
 */
export async function retryForever<T>(
  { later, onOnline }: Pick<Environment, 'later' | 'onOnline'>,
  signal: AbortSignal,
  operation: () => Promise<T>,
  gained: () => number,
  onWait: (error: ModelError, seconds: number) => void,
): Promise<T> {
  let failures = 0;
  let before = gained();
  for (;;) {
    try {
      return await operation();
    } catch (error) {
      signal.throwIfAborted();
      if (!isTransient(error)) throw error;
      failures = gained() > before ? 1 : failures + 1;
      before = gained();
      const milliseconds = Math.min(longestWait, firstWait * 2 ** (failures - 1));
      onWait(error, milliseconds / 1000);
      await new Promise<void>((resolve, reject) => {
        const stops: (() => void)[] = [];
        const end = (settle: () => void) => () => {
          for (const stop of stops) stop();
          settle();
        };
        const abort = end(() => {
          reject(abortReason(signal));
        });
        stops.push(later(milliseconds, end(resolve)), onOnline(end(resolve)), () => {
          signal.removeEventListener('abort', abort);
        });
        signal.addEventListener('abort', abort);
      });
    }
  }
}

import { ModelError, abortReason } from '../base/index.ts';
import type { Environment } from './environment.ts';

/** The first wait after the network was lost, and the longest, in milliseconds; each is twice the one before. */
const firstWait = 5_000;
const longestWait = 60_000;

/** Answers of servers that say "not now". */
const passing = new Set([408, 425, 429, 500, 502, 503, 504]);

/** Whether an error may be over by itself later: no network, or a server that is busy. */
function mayPass(error: unknown): boolean {
  if (!(error instanceof ModelError)) return false;
  const { code, details } = error;
  return code === 'network' || (code === 'http-failed' && passing.has(Number(details['status'])));
}

/**
 * Runs an operation until it succeeds, and waits with back-off, or until the browser says that the network is there
 * again, as long as it fails for passing reasons: for as long as that takes.
 *
 * @param gained - counts up as the operation gets anywhere, which takes its failures back
 * @param onWait - told before each wait
 * @throws the operation's error, when it is no passing one; or the signal's reason
 */
export async function persevering<T>(
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
      if (!(error instanceof ModelError) || !mayPass(error)) throw error;
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

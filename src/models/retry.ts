import { ModelError, abortReason } from '../base/index.ts';

/** How requests that failed are made again. */
export interface RetryPolicy {
  /** How many failures in a row, with nothing gained in between, are one too many. */
  readonly attempts: number;
  /** Waits; rejects with the signal's reason as soon as it is aborted. */
  readonly wait: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  /** From 0 to below 1. */
  readonly random: () => number;
  /** Told before each wait. */
  readonly onRetry?: ((error: ModelError, seconds: number) => void) | undefined;
}

/** The first wait in milliseconds, and the longest; each is twice the one before. */
const firstWait = 1000;
const longestWait = 30_000;
/** A server that asks for more patience than this, in seconds, gets none: the user is told instead. */
const longestPatience = 300;

/** Answers that say "not now": the request may succeed later as it is. */
const passing = new Set([408, 425, 429, 500, 502, 503, 504]);

/**
 * Runs an operation until it succeeds, as long as it fails for passing reasons: exponential back-off with jitter,
 * and not before the server's `Retry-After`.
 *
 * @param gained - counts up as the operation gets anywhere, which takes its failures back
 * @throws the operation's last error, or the signal's reason, also while waiting
 */
export async function retrying<T>(
  policy: RetryPolicy,
  signal: AbortSignal | undefined,
  operation: () => Promise<T>,
  gained: () => number = () => 0,
): Promise<T> {
  let failures = 0;
  let before = gained();
  for (;;) {
    try {
      return await operation();
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof ModelError) || !mayPass(error)) throw error;
      failures = gained() > before ? 1 : failures + 1;
      before = gained();
      const asked = Number(error.details['retryAfter'] ?? 0);
      if (failures >= policy.attempts || asked > longestPatience) throw error;
      const backOff = Math.min(longestWait, firstWait * 2 ** (failures - 1)) * (0.5 + policy.random() / 2);
      const milliseconds = Math.max(backOff, asked * 1000);
      policy.onRetry?.(error, milliseconds / 1000);
      await policy.wait(milliseconds, signal);
    }
  }
}

function mayPass({ code, details }: ModelError): boolean {
  return code === 'network' || (code === 'http-failed' && passing.has(Number(details['status'])));
}

/** Waits, by the clock; rejects with the signal's reason as soon as it is aborted. */
export function waitByTimer(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const stop = () => {
      clearTimeout(timer);
      if (signal) reject(abortReason(signal));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener('abort', stop, { once: true });
  });
}

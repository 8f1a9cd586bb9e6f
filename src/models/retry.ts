import { ModelError, abortReason } from '../base/index.ts';
import type { DeviceNetwork } from './online.ts';

/** How requests that failed are made again. */
export interface RetryPolicy {
  /** How many failures in a row, with nothing gained in between, are one too many. */
  readonly attempts: number;
  /** Waits; rejects with the signal's reason as soon as it is aborted. */
  readonly wait: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  /** From 0 to below 1. */
  readonly random: () => number;
  /** Told before each wait; `offline` where this device is on no network. */
  readonly onRetry?: ((error: ModelError, seconds: number, offline: boolean) => void) | undefined;
  /** While this device is on no network, failures are not counted, and waiting ends when it is on one again. */
  readonly device?: DeviceNetwork | undefined;
}

/** The first wait in milliseconds, and the longest; each is twice the one before. */
const firstWait = 1000;
const longestWait = 30_000;
/** A server that asks for more patience than this, in seconds, gets none: the user is told instead. */
const longestPatience = 300;

/** Refusals that say "not now": the request may succeed later as it is. 416 comes here only for a part that is there. */
const passing = new Set([408, 416, 425, 429]);
/** Of the server's own failures, those that last: not implemented, version not supported. */
const lasting = new Set([501, 505]);

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
  let waits = 0;
  let before = gained();
  for (;;) {
    try {
      return await operation();
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof ModelError) || !mayPass(error)) throw error;
      if (gained() > before) failures = waits = 0;
      before = gained();
      const offline = policy.device?.isOffline() === true;
      if (!offline) failures++;
      const asked = Number(error.details['retryAfter'] ?? 0);
      if (failures >= policy.attempts || asked > longestPatience) throw error;
      const backOff = Math.min(longestWait, firstWait * 2 ** waits++) * (0.5 + policy.random() / 2);
      const milliseconds = Math.max(backOff, asked * 1000);
      policy.onRetry?.(error, milliseconds / 1000, offline);
      if (await waiting(policy, milliseconds, offline, signal)) waits = 0;
    }
  }
}

/** Waits, and says whether this device came back to a network, which ends the waiting. */
async function waiting(
  { wait, device }: RetryPolicy,
  milliseconds: number,
  offline: boolean,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  if (!offline || !device) {
    await wait(milliseconds, signal);
    return false;
  }
  const back = new AbortController();
  const forget = device.onBack(() => {
    back.abort();
  });
  try {
    await wait(milliseconds, signal ? AbortSignal.any([signal, back.signal]) : back.signal);
  } catch (error) {
    signal?.throwIfAborted();
    if (!back.signal.aborted) throw error;
  } finally {
    forget();
  }
  return back.signal.aborted;
}

function mayPass({ code, details }: ModelError): boolean {
  if (code === 'network') return true;
  if (code !== 'http-failed') return false;
  const status = Number(details['status']);
  const failure = status >= 500 && !lasting.has(status);
  // The link that a server redirected to has expired: it gives another.
  const expired = status === 403 && details['redirected'] === true;
  return passing.has(status) || failure || expired || details['whole'] === true;
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

import { ModelError, abortReason, anySignal, isTransient } from '../base/index.ts';
import type { DeviceNetwork } from './online.ts';

/** Policy for retrying failed requests. */
export interface RetryPolicy {
  /** Maximum consecutive failures without progress. */
  readonly attempts: number;
  /** Waits; rejects with the signal's reason as soon as it is aborted. */
  readonly wait: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  /** Source of jitter, in [0, 1). */
  readonly random: () => number;
  /** Called before each wait; `offline` if the device has no network. */
  readonly onRetry?: ((error: ModelError, seconds: number, offline: boolean) => void) | undefined;
  /** Online state: while offline, failures are not counted, and going online ends the wait. */
  readonly device?: DeviceNetwork | undefined;
}

/** First and maximum delay in milliseconds; doubles each time. */
const firstWait = 1000;
const longestWait = 30_000;
/** Longest `Retry-After` we honour, in seconds; with a longer one, the request fails. */
const longestRetryAfter = 300;

/**
 * Retries an operation on transient failures, with exponential backoff, jitter and `Retry-After`.
 *
 * @param gained Monotonic progress counter; progress resets the count of failures.
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
      if (!(error instanceof ModelError) || !(isTransient(error) || mayPassOnRepeat(error))) throw error;
      if (gained() > before) failures = waits = 0;
      before = gained();
      const offline = policy.device?.isOffline() === true;
      if (!offline) failures++;
      const asked = Number(error.details['retryAfter'] ?? 0);
      if (failures >= policy.attempts || asked > longestRetryAfter) throw error;
      const backOff = Math.min(longestWait, firstWait * 2 ** waits++) * (0.5 + policy.random() / 2);
      const milliseconds = Math.max(backOff, asked * 1000);
      policy.onRetry?.(error, milliseconds / 1000, offline);
      if (await waiting(policy, milliseconds, offline, signal)) waits = 0;
    }
  }
}

/** Waits; returns true if the wait ended early because the device went online. */
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
    await wait(milliseconds, signal ? anySignal([signal, back.signal]) : back.signal);
  } catch (error) {
    signal?.throwIfAborted();
    if (!back.signal.aborted) throw error;
  } finally {
    forget();
  }
  return back.signal.aborted;
}

/** Whether repeating the request may succeed although its status is not a transient one (see `isTransient`). */
function mayPassOnRepeat({ code, details }: ModelError): boolean {
  if (code !== 'http-failed') return false;
  // Requested ranges exist, so 416 is a fault of the server. `whole`: see `rangeIgnoredError`.
  if (details['status'] === 416 || details['whole'] === true) return true;
  // An expired signed URL behind a redirect: the next request gets a new one.
  return details['status'] === 403 && details['redirected'] === true;
}

/** Waits by `setTimeout`; rejects with the signal's reason as soon as it is aborted. */
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

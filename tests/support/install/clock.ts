import { abortReason } from '../../../src/base/index.ts';

/** Retries by such a clock, three attempts each, and what is said before each wait. */
export function fakeRetry() {
  const clock = fakeClock();
  const messages: string[] = [];
  const policy = {
    attempts: 3,
    wait: clock.wait,
    random: clock.random,
    onRetry: ({ message }: { readonly message: string }) => messages.push(message),
  };
  return { clock, messages, retry: { opening: policy, reading: policy } };
}

/**
 * A clock that goes only when someone waits by it, and what was waited for, in milliseconds. Its timers go off when a
 * test says so.
 */
export function fakeClock() {
  let time = Date.UTC(2026, 0, 1);
  const waits: number[] = [];
  const timers = new Map<() => void, number>();
  return {
    waits,
    now: () => time,
    pass: (milliseconds: number) => {
      time += milliseconds;
    },
    random: () => 0.5,
    /** How many timers are set. */
    timers: () => timers.size,
    timer: (milliseconds: number, ring: () => void) => {
      // Each has its own place, though two may call the same.
      const own = () => {
        ring();
      };
      timers.set(own, milliseconds);
      return () => {
        timers.delete(own);
      };
    },
    /** Has so many seconds pass for the timers, also those that are set meanwhile. */
    letPass: (seconds: number) => {
      for (let left = 1000 * seconds; left > 0;) {
        const next = Math.min(left, ...timers.values());
        left -= next;
        time += next;
        for (const [ring, milliseconds] of [...timers]) {
          timers.set(ring, milliseconds - next);
          if (milliseconds > next) continue;
          timers.delete(ring);
          ring();
        }
      }
    },
    wait: (milliseconds: number, signal?: AbortSignal): Promise<void> => {
      if (signal?.aborted === true) return Promise.reject(abortReason(signal));
      waits.push(milliseconds);
      time += milliseconds;
      return Promise.resolve();
    },
  };
}

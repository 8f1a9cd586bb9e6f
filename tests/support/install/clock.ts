import { abortReason } from '../../../src/base/index.ts';

/** Retry policies with a fake clock and three attempts, and the messages before each wait. */
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

/** Fake clock that advances only when something waits, with a record of the waits in milliseconds. Timers are fired by tests. */
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
    /** Number of active timers. */
    timers: () => timers.size,
    timer: (milliseconds: number, ring: () => void) => {
      // A unique key, because two timers may have the same callback.
      const own = () => {
        ring();
      };
      timers.set(own, milliseconds);
      return () => {
        timers.delete(own);
      };
    },
    /** Advances timers by this many seconds, including timers set meanwhile. */
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

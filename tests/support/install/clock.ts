import { abortReason } from '../../../src/base/index.ts';

/** A clock that goes only when someone waits by it, and what was waited for, in milliseconds. */
export function fakeClock() {
  let time = Date.UTC(2026, 0, 1);
  const waits: number[] = [];
  return {
    waits,
    now: () => time,
    pass: (milliseconds: number) => {
      time += milliseconds;
    },
    random: () => 0.5,
    wait: (milliseconds: number, signal?: AbortSignal): Promise<void> => {
      if (signal?.aborted === true) return Promise.reject(abortReason(signal));
      waits.push(milliseconds);
      time += milliseconds;
      return Promise.resolve();
    },
  };
}

import type { Environment } from './environment.ts';

/** Values that arrive faster than the screen is drawn: only the latest of them counts. */
export interface Latest<T> {
  push(value: T): void;
  /** Forgets a value that has not been delivered. */
  cancel(): void;
}

/** Delivers at most one value for each drawing of the screen. */
export function createLatest<T>(nextPaint: Environment['nextPaint'], deliver: (value: T) => void): Latest<T> {
  let waiting: { value: T; readonly cancel: () => void } | null = null;
  return {
    push(value) {
      if (waiting) {
        waiting.value = value;
        return;
      }
      const cancel = nextPaint(() => {
        const arrived = waiting;
        waiting = null;
        if (arrived) deliver(arrived.value);
      });
      waiting = { value, cancel };
    },
    cancel() {
      waiting?.cancel();
      waiting = null;
    },
  };
}

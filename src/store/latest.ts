import type { Environment } from './environment.ts';

/** Throttle for values that arrive faster than the screen is repainted: only the latest is delivered. */
export interface Latest<T> {
  push(value: T): void;
  /** Drops a value that has not been delivered yet. */
  cancel(): void;
}

/** Creates a throttle that delivers at most one value per repaint. */
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

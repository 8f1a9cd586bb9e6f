/** Runs one task at a time, of which a newer one takes the place: what was begun before is given up. */
export interface NewestTask {
  /** Begins a task. Its signal is aborted when a newer one begins, or all is stopped. */
  readonly begin: <T>(task: (signal: AbortSignal) => Promise<T>) => Promise<T>;
  readonly stop: () => void;
  /** Resolves when nothing is running any more. */
  readonly whenDone: () => Promise<void>;
}

/** @param onRunning is told whether a task is running */
export function createNewestTask(onRunning: (running: boolean) => void): NewestTask {
  let controller = new AbortController();
  let running: Promise<unknown> | null = null;
  return {
    begin(task) {
      controller.abort();
      controller = new AbortController();
      const { signal } = controller;
      onRunning(true);
      const done = task(signal).finally(() => {
        if (signal.aborted) return;
        running = null;
        onRunning(false);
      });
      running = done.catch(() => undefined);
      return done;
    },
    stop() {
      controller.abort();
      running = null;
      onRunning(false);
    },
    async whenDone() {
      while (running) await running;
    },
  };
}

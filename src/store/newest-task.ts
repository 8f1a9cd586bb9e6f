/** Runs one task at a time; a new task aborts the previous one. */
export interface NewestTask {
  /** Starts a task. Its signal is aborted by the next `begin` or `stop`. */
  readonly begin: <T>(task: (signal: AbortSignal) => Promise<T>) => Promise<T>;
  readonly stop: () => void;
  /** Resolves when no task is running. */
  readonly whenDone: () => Promise<void>;
}

/** @param onRunning called with whether a task is running */
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

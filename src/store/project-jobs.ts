import type { Notices } from './notices.ts';

/** A running job and its progress; `of` is 0 while unknown. */
export interface ProjectJob {
  readonly text: string;
  readonly done: number;
  readonly of: number;
}

type OnProgress = (progress: { done: number; of: number }) => void;

/** Runs operations on whole projects, shows their progress and reports their errors. */
export interface ProjectJobs {
  /**
   * Runs a long operation, with progress and cancellation. Cancels the job before it.
   *
   * @param kept sentence about what was not lost, shown with an error
   * @returns whether it completed, without failure or cancellation
   */
  readonly job: (
    text: string,
    task: (signal: AbortSignal, onProgress: OnProgress) => Promise<void>,
    kept?: string,
  ) => Promise<boolean>;
  /** Runs a short operation and shows its error, if any. */
  readonly attempt: (task: () => Promise<void>) => Promise<void>;
  readonly cancel: () => void;
  /** Whether a job is running. */
  readonly isRunning: () => boolean;
  /** Signal of the newest job; aborted by `cancel` and by the next job. */
  readonly signal: () => AbortSignal;
}

/** Creates the runner of project jobs. A new job cancels the one before. */
export function createProjectJobs({
  notices,
  onJob,
}: {
  notices: Notices;
  onJob: (job: ProjectJob | null) => void;
}): ProjectJobs {
  let controller = new AbortController();
  let current: ProjectJob | null = null;
  const show = (job: ProjectJob | null) => {
    current = job;
    onJob(job);
  };
  return {
    async job(text, task, kept = '') {
      controller.abort();
      controller = new AbortController();
      const { signal } = controller;
      show({ text, done: 0, of: 0 });
      try {
        await task(signal, ({ done, of }) => {
          if (!signal.aborted) show({ text, done, of });
        });
        return !signal.aborted;
      } catch (error) {
        if (!signal.aborted) notices.error(error, { kept });
        return false;
      } finally {
        if (!signal.aborted) show(null);
      }
    },
    async attempt(task) {
      try {
        await task();
      } catch (error) {
        notices.error(error);
      }
    },
    cancel() {
      controller.abort();
      show(null);
    },
    isRunning: () => current !== null,
    signal: () => controller.signal,
  };
}

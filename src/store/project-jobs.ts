import type { Notices } from './notices.ts';

/** Something that takes a while. */
export interface ProjectJob {
  readonly text: string;
  readonly done: number;
  readonly of: number;
}

type OnProgress = (progress: { done: number; of: number }) => void;

/** Runs what is done with whole projects: shows it while it lasts, and reports its failure. */
export interface ProjectJobs {
  /**
   * Does something that takes a while, shows how far it is, and shows what went wrong. A newer job takes its place.
   *
   * @param kept what is still there when it fails, in words
   * @returns whether it is done
   */
  readonly job: (
    text: string,
    task: (signal: AbortSignal, onProgress: OnProgress) => Promise<void>,
    kept?: string,
  ) => Promise<boolean>;
  /** Does something quick, and shows what went wrong. */
  readonly attempt: (task: () => Promise<void>) => Promise<void>;
  readonly cancel: () => void;
  /** Aborted when the job that is running now, or the next, is cancelled. */
  readonly signal: () => AbortSignal;
}

export function createProjectJobs({
  notices,
  onJob,
}: {
  notices: Notices;
  onJob: (job: ProjectJob | null) => void;
}): ProjectJobs {
  let controller = new AbortController();
  return {
    async job(text, task, kept = '') {
      controller.abort();
      controller = new AbortController();
      const { signal } = controller;
      onJob({ text, done: 0, of: 0 });
      try {
        await task(signal, ({ done, of }) => {
          if (!signal.aborted) onJob({ text, done, of });
        });
        return !signal.aborted;
      } catch (error) {
        if (!signal.aborted) notices.error(error, { kept });
        return false;
      } finally {
        if (!signal.aborted) onJob(null);
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
      onJob(null);
    },
    signal: () => controller.signal,
  };
}

import { WorkerError } from '../base/index.ts';
import type { Connection, projectsApi } from '../protocol/index.ts';
import type { Link } from './link.ts';
import type { Notices } from './notices.ts';

/** Something that takes a while. */
export interface ProjectJob {
  readonly text: string;
  readonly done: number;
  readonly of: number;
}

type OnProgress = (progress: { done: number; of: number }) => void;

/** What is done with whole projects: asked of the worker, shown while it lasts, and told when it fails. */
export interface ProjectJobs {
  /** Asks the worker. One that died is replaced by the next question. */
  readonly ask: <T>(question: (worker: Connection<typeof projectsApi>) => Promise<T>) => Promise<T>;
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
  link,
  notices,
  onJob,
}: {
  link: Link<typeof projectsApi>;
  notices: Notices;
  onJob: (job: ProjectJob | null) => void;
}): ProjectJobs {
  let controller = new AbortController();
  return {
    async ask(question) {
      const worker = link.current();
      try {
        return await question(worker);
      } catch (error) {
        if (error instanceof WorkerError) link.reset(worker);
        throw error;
      }
    },
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

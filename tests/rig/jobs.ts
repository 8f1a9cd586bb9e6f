import { StepOutput } from './output.ts';

export interface Job {
  readonly name: string;
  /** Names of jobs that must have ended before this one begins; those that do not run are ignored. */
  readonly after: readonly string[];
  run(output: StepOutput): Promise<void>;
}

/**
 * Runs all jobs, at most `atOnce` at a time: whenever one ends, the first in order that may begin. Shows the output of
 * one job at a time, in the order in which they begin.
 *
 * @param show - writes to the terminal
 * @throws RangeError if jobs wait for one another; whatever a job throws, which it should not
 */
export async function runJobs(
  jobs: readonly Job[],
  atOnce: number,
  show: (chunk: string | Buffer) => void,
): Promise<void> {
  const waiting = [...jobs];
  const unfinished = new Set(jobs.map(({ name }) => name));
  const running = new Map<string, Promise<string>>();
  const outputs: { readonly name: string; readonly output: StepOutput }[] = [];
  const showNext = (): void => {
    for (let first = outputs[0]; first; first = outputs[0]) {
      first.output.show();
      if (unfinished.has(first.name)) return;
      outputs.shift();
    }
  };
  while (unfinished.size > 0) {
    const ready = waiting.filter(({ after }) => !after.some((name) => unfinished.has(name)));
    for (const job of ready.slice(0, atOnce - running.size)) {
      waiting.splice(waiting.indexOf(job), 1);
      const output = new StepOutput(show);
      outputs.push({ name: job.name, output });
      showNext();
      running.set(
        job.name,
        job.run(output).then(() => job.name),
      );
    }
    if (running.size === 0) throw new RangeError(`${[...unfinished].join(' and ')} wait for one another`);
    const ended = await Promise.race(running.values());
    running.delete(ended);
    unfinished.delete(ended);
    showNext();
  }
}

import { describe, expect, it } from 'vitest';
import { runJobs } from '../../rig/jobs.ts';
import type { Job } from '../../rig/jobs.ts';
import type { StepOutput } from '../../rig/output.ts';

/** Jobs that end when told to, and what was shown of them. */
function controlled(...names: readonly (readonly [name: string, ...after: string[]])[]) {
  const begun: string[] = [];
  const outputs = new Map<string, StepOutput>();
  const ends = new Map<string, () => void>();
  const jobs: Job[] = names.map(([name, ...after]) => ({
    name,
    after,
    run: (output) => {
      begun.push(name);
      outputs.set(name, output);
      output.print(`${name} begins`);
      return new Promise((resolve) => ends.set(name, resolve));
    },
  }));
  const shown: string[] = [];
  return {
    jobs,
    begun,
    shown,
    show: (chunk: string | Buffer) => void shown.push(chunk.toString().trim()),
    print: (name: string, line: string) => outputs.get(name)?.print(line),
    end: async (name: string) => {
      ends.get(name)?.();
      await new Promise(setImmediate);
    },
  };
}

describe('jobs beside one another', () => {
  it('begin in order as others end, and not before those that they wait for', async () => {
    const { jobs, begun, show, end } = controlled(['build'], ['page', 'build'], ['unit'], ['gpu'], ['lint']);
    const all = runJobs(jobs, 2, show);
    expect(begun).toEqual(['build', 'unit']);
    await end('unit');
    expect(begun).toEqual(['build', 'unit', 'gpu']);
    await end('build');
    expect(begun).toEqual(['build', 'unit', 'gpu', 'page']);
    await end('page');
    expect(begun).toEqual(['build', 'unit', 'gpu', 'page', 'lint']);
    await end('gpu');
    await end('lint');
    await all;
  });

  it('do not wait for a job that does not run', async () => {
    const { jobs, begun, show, end } = controlled(['page', 'build']);
    const all = runJobs(jobs, 2, show);
    expect(begun).toEqual(['page']);
    await end('page');
    await all;
  });

  it('are refused if they wait for one another', async () => {
    const { jobs, show } = controlled(['a', 'b'], ['b', 'a']);
    await expect(runJobs(jobs, 2, show)).rejects.toThrow('a and b wait for one another');
  });

  it('show the output of one at a time, the next from its beginning', async () => {
    const { jobs, shown, show, print, end } = controlled(['a'], ['b'], ['c']);
    const all = runJobs(jobs, 3, show);
    print('b', 'b goes on');
    print('a', 'a goes on');
    expect(shown).toEqual(['a begins', 'a goes on']);
    await end('b');
    expect(shown).toEqual(['a begins', 'a goes on']);
    await end('a');
    expect(shown.slice(2)).toEqual(['b begins', 'b goes on', 'c begins']);
    print('c', 'c goes on');
    expect(shown.slice(5)).toEqual(['c goes on']);
    await end('c');
    await all;
  });
});

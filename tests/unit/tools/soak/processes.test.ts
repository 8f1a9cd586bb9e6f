import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import {
  familyOf,
  killAll,
  listProcesses,
  memoryOf,
  parseRollup,
  parseStat,
} from '../../../../tools/soak/processes.ts';

const info = (pid: number, parent: number) => ({
  pid,
  parent,
  type: 'utility',
  arguments: [],
  cpuSeconds: 0,
});

describe('Linux processes', () => {
  it('parseStat() handles any process name', () => {
    const stat = '7 (a) S 1 (b) S 42 7 7 0 -1 4194304 100 0 0 0 150 50 0 0 20 0 1 0 12345';
    expect(parseStat(stat)).toEqual({ parent: 42, cpuSeconds: 2 });
  });

  it('parseRollup() reads kilobytes, even of keys with a common prefix', () => {
    const rollup = 'Rss:                 900 kB\nPss:                 300 kB\nPss_Anon:            100 kB\n';
    expect(parseRollup(rollup, 'Pss')).toBe(300 * 1024);
    expect(parseRollup(rollup, 'Rss')).toBe(900 * 1024);
    expect(parseRollup('', 'Pss')).toBe(0);
  });

  it('familyOf() finds all descendants in any order', () => {
    const all = [info(4, 3), info(3, 2), info(9, 1), info(2, 1), info(5, 2)];
    expect(familyOf(2, all).map(({ pid }) => pid)).toEqual([2, 3, 5, 4]);
    expect(familyOf(8, all)).toEqual([]);
  });

  it.skipIf(process.platform !== 'linux')('killAll() kills a whole process family', async () => {
    const shell = spawn('sh', ['-c', 'sleep 600 & sleep 600 & echo ready; wait'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const exit = once(shell, 'exit');
    await once(shell.stdout, 'data');
    const { pid = 0 } = shell;
    const family = familyOf(pid, await listProcesses()).map((process) => process.pid);
    expect(family).toHaveLength(3);
    expect(await memoryOf(pid)).toBeGreaterThan(0);

    await killAll(family);
    expect(await exit).toEqual([null, 'SIGKILL']);
    const left = (await listProcesses()).filter((process) => family.includes(process.pid));
    expect(left).toEqual([]);
  });
});

/** The processes of a browser, as Linux shows them under /proc. */
import { readFile, readdir } from 'node:fs/promises';

/** One process, and what it has used so far. */
export interface ProcessInfo {
  readonly pid: number;
  readonly parent: number;
  /** What Chromium says that it is: `renderer`, `gpu-process`, `utility`, …; `browser` for the one that started all. */
  readonly type: string;
  readonly arguments: readonly string[];
  /** Seconds on any core, in the program and in the kernel. */
  readonly cpuSeconds: number;
}

/** In /proc, times count in hundredths of a second on every Linux that Chromium runs on. */
const ticksPerSecond = 100;

/** Reads `/proc/PID/stat`, whose second field is a name that may hold anything, brackets and blanks included. */
export function parseStat(text: string): { readonly parent: number; readonly cpuSeconds: number } {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [parent, user, system] = [fields[1], fields[11], fields[12]].map(Number);
  return { parent: parent ?? 0, cpuSeconds: ((user ?? 0) + (system ?? 0)) / ticksPerSecond };
}

/** What `/proc/PID/smaps_rollup` says of one kind of memory, in bytes; 0 where it says nothing. */
export function parseRollup(text: string, kind: 'Pss' | 'Rss'): number {
  const [, kilobytes = '0'] = new RegExp(`^${kind}:\\s+(\\d+) kB$`, 'm').exec(text) ?? [];
  return 1024 * Number(kilobytes);
}

/** The processes that the given one has started, at any remove, and that one itself; none where it is gone. */
export function familyOf(root: number, all: readonly ProcessInfo[]): ProcessInfo[] {
  const family = all.filter(({ pid }) => pid === root);
  for (const { pid } of family) family.push(...all.filter(({ parent }) => parent === pid));
  return family;
}

/** All processes that may be looked at. */
export async function listProcesses(): Promise<ProcessInfo[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  return (await Promise.all(pids.map(look))).filter((process) => process !== null);
}

async function look(pid: number): Promise<ProcessInfo | null> {
  const [stat, command] = await Promise.all([read(pid, 'stat'), read(pid, 'cmdline')]);
  if (stat === null || command === null || command === '') return null;
  // Chromium's children rewrite their command lines, with blanks between the arguments.
  const words = command.split(/[\0 ]/).filter((word) => word !== '');
  const type = words.find((word) => word.startsWith('--type='))?.slice('--type='.length) ?? 'browser';
  return { pid, type, arguments: words, ...parseStat(stat) };
}

/** The memory of a process in bytes, of pages that it shares its share (PSS); 0 once it is gone. */
export async function memoryOf(pid: number): Promise<number> {
  return parseRollup((await read(pid, 'smaps_rollup')) ?? '', 'Pss');
}

/** Kills processes at once, without giving them time for anything, and waits until they are gone. */
export async function killAll(pids: readonly number[]): Promise<void> {
  for (const pid of pids) signalTo(pid, 'SIGKILL');
  while (pids.some((pid) => signalTo(pid, 0)) && (await anyRuns(pids))) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** What is killed stays in the list as a zombie until its parent has asked after it; a zombie has no command line. */
async function anyRuns(pids: readonly number[]): Promise<boolean> {
  return (await Promise.all(pids.map(look))).some((process) => process !== null);
}

function signalTo(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** A file of a process; null where the process is gone. */
async function read(pid: number, name: string): Promise<string | null> {
  try {
    return await readFile(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return null;
  }
}

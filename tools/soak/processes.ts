/** Processes of a browser, read from Linux's /proc. */
import { readFile, readdir } from 'node:fs/promises';

/** A process and its resource usage so far. */
export interface ProcessInfo {
  readonly pid: number;
  readonly parent: number;
  /** Chromium's process type: `renderer`, `gpu-process`, `utility`, …; `browser` for the main process. */
  readonly type: string;
  readonly arguments: readonly string[];
  /** User and system time, in seconds. */
  readonly cpuSeconds: number;
}

/** Clock ticks per second (USER_HZ), which is 100 on all Linux systems that Chromium supports. */
const ticksPerSecond = 100;

/** Parses `/proc/PID/stat`. The second field is the name, which may contain parentheses and spaces. */
export function parseStat(text: string): { readonly parent: number; readonly cpuSeconds: number } {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [parent, user, system] = [fields[1], fields[11], fields[12]].map(Number);
  return { parent: parent ?? 0, cpuSeconds: ((user ?? 0) + (system ?? 0)) / ticksPerSecond };
}

/** Memory of one kind from `/proc/PID/smaps_rollup`, in bytes; 0 if absent. */
export function parseRollup(text: string, kind: 'Pss' | 'Pss_File' | 'Rss'): number {
  const [, kilobytes = '0'] = new RegExp(`^${kind}:\\s+(\\d+) kB$`, 'm').exec(text) ?? [];
  return 1024 * Number(kilobytes);
}

/** A process and all its descendants; empty if it has ended. */
export function familyOf(root: number, all: readonly ProcessInfo[]): ProcessInfo[] {
  const family = all.filter(({ pid }) => pid === root);
  for (const { pid } of family) family.push(...all.filter(({ parent }) => parent === pid));
  return family;
}

/** All processes that can be read. */
export async function listProcesses(): Promise<ProcessInfo[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  return (await Promise.all(pids.map(look))).filter((process) => process !== null);
}

async function look(pid: number): Promise<ProcessInfo | null> {
  const [stat, command] = await Promise.all([read(pid, 'stat'), read(pid, 'cmdline')]);
  if (stat === null || command === null || command === '') return null;
  // Chromium's child processes rewrite their command lines with spaces as separators.
  const words = command.split(/[\0 ]/).filter((word) => word !== '');
  const type = words.find((word) => word.startsWith('--type='))?.slice('--type='.length) ?? 'browser';
  return { pid, type, arguments: words, ...parseStat(stat) };
}

/** Proportional set size (PSS) of a process in bytes; 0 if it has ended. */
export async function memoryOf(pid: number): Promise<number> {
  return parseRollup(await rollupOf(pid), 'Pss');
}

async function rollupOf(pid: number): Promise<string> {
  return (await read(pid, 'smaps_rollup')) ?? '';
}

/** Memory (PSS) of a process and all its descendants, in bytes. */
export interface FamilyMemory {
  readonly total: number;
  /**
   * The same without pages of files, nearly all of them the browser's program. They are shared with every browser that runs
   * the same program, so that `total` changes when another browser starts or ends.
   */
  readonly own: number;
  readonly byType: ReadonlyMap<string, number>;
}

export async function memoryOfFamily(root: number): Promise<FamilyMemory> {
  const byType = new Map<string, number>();
  let [total, own] = [0, 0];
  for (const { pid, type } of familyOf(root, await listProcesses())) {
    const rollup = await rollupOf(pid);
    const bytes = parseRollup(rollup, 'Pss');
    byType.set(type, (byType.get(type) ?? 0) + bytes);
    total += bytes;
    own += bytes - parseRollup(rollup, 'Pss_File');
  }
  return { total, own, byType };
}

/** Kills processes with SIGKILL and waits until they have ended. */
export async function killAll(pids: readonly number[]): Promise<void> {
  for (const pid of pids) signalTo(pid, 'SIGKILL');
  while (pids.some((pid) => signalTo(pid, 0)) && (await anyRuns(pids))) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Killed processes remain as zombies, which have no command line, until their parent reaps them. */
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

/** A file in `/proc/PID`; null if the process has ended. */
async function read(pid: number, name: string): Promise<string | null> {
  try {
    return await readFile(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return null;
  }
}

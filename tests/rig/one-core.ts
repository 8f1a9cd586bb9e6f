import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * Keeps this process, and those that it starts from now on, on one core, in turn by `index`. Chromium tells pages how many
 * cores it may use, so ONNX Runtime starts no second thread, which would spend a sixth of the processor time on waiting. Does
 * nothing where there are more cores than `processes`, as a free core costs nothing, nor without Linux's `taskset`.
 */
export function stayOnOneCore(index: number, processes: number): void {
  const cores = allowedCores();
  const core = cores[index % cores.length];
  if (core === undefined || cores.length > processes) return;
  spawnSync('taskset', ['-cp', String(core), String(process.pid)], { stdio: 'ignore' });
}

/** Numbers of the cores that this process may use; empty if they are not known. */
function allowedCores(): number[] {
  try {
    const status = readFileSync('/proc/self/status', 'utf8');
    return parseCores(/^Cpus_allowed_list:\s*(.*)$/m.exec(status)?.[1] ?? '');
  } catch {
    return [];
  }
}

/** Parses Linux's lists of cores, such as `0-2,5`. */
export function parseCores(list: string): number[] {
  return list.split(',').flatMap((range) => {
    const [first = NaN, last = first] = range.split('-').map(Number);
    return Number.isNaN(first) || range === ''
      ? []
      : Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

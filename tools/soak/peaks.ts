import { familyOf, listProcesses, memoryOf } from './processes.ts';
import type { WorkerHeap } from './worker-heaps.ts';

/** The parts of the run whose memory is looked at, in their order. */
export const phases = ['download', 'load', 'frame', 'reload'] as const;
export type Phase = (typeof phases)[number];

/** The most that was seen at any one time, in bytes. */
export interface Peak {
  /** All processes of the browser together. */
  browser: number;
  /** The largest of the processes that run pages: the workers are in it. */
  renderer: number;
  gpuProcess: number;
  /** What each worker held in JavaScript, by its name. */
  readonly workers: Record<string, WorkerHeap>;
}

/** Looks at a browser again and again, and remembers the peaks of each phase and the processor time of it all. */
export class Peaks {
  readonly #peaks = new Map<Phase, Peak>();
  /** By process: numbers are not given again within minutes. */
  readonly #cpuSeconds = new Map<number, number>();

  /** Seconds on any core that all browsers so far have used; what a process used after it was last looked at is not in it. */
  get cpuSeconds(): number {
    return [...this.#cpuSeconds.values()].reduce((sum, seconds) => sum + seconds, 0);
  }

  of(phase: Phase): Peak {
    const known = this.#peaks.get(phase) ?? { browser: 0, renderer: 0, gpuProcess: 0, workers: {} };
    this.#peaks.set(phase, known);
    return known;
  }

  /** Looks at a browser once, by the number of the process that it was started as. */
  async look(phase: Phase, browser: number): Promise<void> {
    const family = familyOf(browser, await listProcesses());
    const memory = await Promise.all(
      family.map(async ({ pid, type }) => ({ type, bytes: await memoryOf(pid) })),
    );
    for (const { pid, cpuSeconds } of family) this.#cpuSeconds.set(pid, cpuSeconds);
    const of = (wanted: string) => memory.filter(({ type }) => type === wanted).map(({ bytes }) => bytes);
    const peak = this.of(phase);
    const all = memory.reduce((sum, { bytes }) => sum + bytes, 0);
    peak.browser = Math.max(peak.browser, all);
    peak.renderer = Math.max(peak.renderer, ...of('renderer'));
    peak.gpuProcess = Math.max(peak.gpuProcess, ...of('gpu-process'));
  }

  /** Notes what a worker holds: the largest sum of both counts, not the sum of the largest. */
  note(phase: Phase, worker: string, heap: WorkerHeap): void {
    const { workers } = this.of(phase);
    const before = workers[worker] ?? { objects: 0, buffers: 0 };
    if (heap.objects + heap.buffers > before.objects + before.buffers) workers[worker] = heap;
  }
}

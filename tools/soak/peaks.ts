import { familyOf, listProcesses, memoryOf } from './processes.ts';
import type { WorkerHeap } from './worker-heaps.ts';

/** Phases for which peak memory is measured, in order. */
export const phases = ['download', 'load', 'frame', 'reload'] as const;
export type Phase = (typeof phases)[number];

/** Peak memory, in bytes. */
export interface Peak {
  /** All processes of the browser together. */
  browser: number;
  /** Largest renderer process, which includes the workers. */
  renderer: number;
  gpuProcess: number;
  /** JavaScript heap of each worker by name. */
  readonly workers: Record<string, WorkerHeap>;
}

/** Samples a browser's memory and records the peaks per phase, and the total processor time. */
export class Peaks {
  readonly #peaks = new Map<Phase, Peak>();
  /** By process id, which is not reused within minutes. */
  readonly #cpuSeconds = new Map<number, number>();

  /** Processor time of all browsers so far, in seconds, up to the last sample of each process. */
  get cpuSeconds(): number {
    return [...this.#cpuSeconds.values()].reduce((sum, seconds) => sum + seconds, 0);
  }

  of(phase: Phase): Peak {
    const known = this.#peaks.get(phase) ?? { browser: 0, renderer: 0, gpuProcess: 0, workers: {} };
    this.#peaks.set(phase, known);
    return known;
  }

  /** Takes a sample of the browser with this process id. */
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

  /** Records the heap of a worker: the largest sum of both numbers, not the sum of their maxima. */
  note(phase: Phase, worker: string, heap: WorkerHeap): void {
    const { workers } = this.of(phase);
    const before = workers[worker] ?? { objects: 0, buffers: 0 };
    if (heap.objects + heap.buffers > before.objects + before.buffers) workers[worker] = heap;
  }
}

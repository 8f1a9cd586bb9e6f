import { setTimeout as wait } from 'node:timers/promises';
import { memoryOfFamily } from './processes.ts';
import type { FamilyMemory } from './processes.ts';

/** What an operation in a browser took. */
export interface Taken<T> {
  readonly value: T;
  readonly seconds: number;
  /** Memory of all processes of the browser before it, and the largest during it, without pages of files. */
  readonly before: FamilyMemory;
  readonly peak: FamilyMemory;
}

/** Interval at which memory is sampled, in milliseconds. */
const sampleEvery = 1000;

/** Runs an operation, and samples the memory of a browser meanwhile. */
export async function peakDuring<T>(browser: number, work: () => Promise<T>): Promise<Taken<T>> {
  const before = await memoryOfFamily(browser);
  const done = new AbortController();
  let peak = before;
  const watching = (async () => {
    while (!done.signal.aborted) {
      const memory = await memoryOfFamily(browser);
      if (memory.own > peak.own) peak = memory;
      await wait(sampleEvery, undefined, { signal: done.signal }).catch(() => undefined);
    }
  })();
  const begun = performance.now();
  try {
    const value = await work();
    const seconds = (performance.now() - begun) / 1000;
    done.abort();
    await watching;
    return { value, seconds, before, peak };
  } finally {
    done.abort();
    await watching;
  }
}

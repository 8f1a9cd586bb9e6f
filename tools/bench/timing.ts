/** Durations of one operation over several rounds, in milliseconds. */
export interface Timing {
  readonly median: number;
  readonly best: number;
  readonly worst: number;
}

/** Times `work`. A warm-up round, which compiles shaders and fills caches, is not counted. */
export async function measure(rounds: number, work: () => Promise<void>): Promise<Timing> {
  await work();
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) times.push(await timeOf(work));
  return timingOf(times);
}

/** Milliseconds that `work` takes. */
export async function timeOf(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** Summary of at least one value, rounded to `digits` after the point. */
export function timingOf(values: readonly number[], digits = 1): Timing {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (index: number) => Number((sorted[index] ?? NaN).toFixed(digits));
  return { median: at(Math.floor(sorted.length / 2)), best: at(0), worst: at(sorted.length - 1) };
}

import { DriftError } from '../../src/base/index.ts';
import { seeded } from './random.ts';
import { targets } from './targets.ts';
import type { TargetName } from './targets.ts';

/** A case that threw an error other than a DriftError, or exceeded a limit of time or memory. */
export interface Finding {
  readonly target: TargetName;
  /** Reproduces the case: `npm run fuzz -- --only TARGET --seed SEED --count 1`. */
  readonly seed: number;
  readonly what: string;
}

/** Statistics of the cases of one target. */
export interface Tally {
  readonly target: TargetName;
  cases: number;
  opened: number;
  /** Number of rejected files by the error's class and code. */
  readonly refused: Map<string, number>;
  /** Duration of the slowest case, in milliseconds. */
  slowest: number;
  /** Largest increase of the process's peak resident set size in one case, in bytes. */
  growth: number;
}

export interface FuzzOptions {
  readonly target: TargetName;
  /** Seed of the first case; later cases have consecutive seeds. */
  readonly seed: number;
  readonly count: number;
  /** Maximum duration of a case in milliseconds, and maximum memory growth in bytes. */
  readonly limits?: { readonly time: number; readonly growth: number };
  /** Called before each case. */
  readonly onCase?: (seed: number) => void;
  readonly onFinding: (finding: Finding) => void;
}

/** Opens `count` mutated files of a target, one after the other. */
export async function fuzz({ target, seed, count, limits, onCase, onFinding }: FuzzOptions): Promise<Tally> {
  const { seeds, mutate, open } = targets[target];
  const good = await seeds();
  const tally: Tally = { target, cases: 0, opened: 0, refused: new Map(), slowest: 0, growth: 0 };
  for (let current = seed; current < seed + count; current++) {
    onCase?.(current);
    const random = seeded(current);
    const bytes = await mutate(random.pick(good), random, good);
    const before = process.resourceUsage().maxRSS;
    const began = performance.now();
    try {
      await open(bytes);
      tally.opened++;
    } catch (error) {
      if (error instanceof DriftError) {
        const code = `${error.name} ${error.code}`;
        tally.refused.set(code, (tally.refused.get(code) ?? 0) + 1);
      } else {
        onFinding({
          target,
          seed: current,
          what: error instanceof Error ? (error.stack ?? error.message) : String(error),
        });
      }
    }
    const time = performance.now() - began;
    const growth = 1024 * (process.resourceUsage().maxRSS - before);
    tally.cases++;
    tally.slowest = Math.max(tally.slowest, time);
    tally.growth = Math.max(tally.growth, growth);
    if (limits && time > limits.time) {
      onFinding({ target, seed: current, what: `took ${Math.round(time)} ms` });
    }
    if (limits && growth > limits.growth) onFinding({ target, seed: current, what: `took ${growth} bytes` });
  }
  return tally;
}

import { describe, expect, it } from 'vitest';
import { fuzz } from '../../../../tools/fuzz/fuzz.ts';
import type { Finding } from '../../../../tools/fuzz/fuzz.ts';
import { seeded } from '../../../../tools/fuzz/random.ts';
import { targets } from '../../../../tools/fuzz/targets.ts';

const all = ['safetensors', 'pickle', 'zip', 'png', 'drift', 'manifest'] as const;

describe.each(all)('corrupted files: %s', (target) => {
  it('each gives a picture, a model or an error with a remedy', async () => {
    const findings: Finding[] = [];
    const tally = await fuzz({ target, seed: 1, count: 350, onFinding: (finding) => findings.push(finding) });
    expect(findings).toEqual([]);
    const refused = [...tally.refused.values()].reduce((sum, times) => sum + times, 0);
    expect(tally.opened + refused).toBe(350);
    // If all cases fail in the same way, the code behind that check is not tested.
    expect(tally.refused.size).toBeGreaterThan(2);
  });

  it('are reproducible for a seed', async () => {
    const { seeds, mutate } = targets[target];
    const good = await seeds();
    const corrupted = async (seed: number) => {
      const random = seeded(seed);
      return mutate(random.pick(good), random, good);
    };
    expect(await corrupted(7)).toEqual(await corrupted(7));
  });
});

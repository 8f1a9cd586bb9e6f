import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { philox4x32 } from '../../../src/compute/cpu/noise.ts';
import { createCpuCompute } from '../../../src/compute/index.ts';
import type { NoiseKey } from '../../../src/compute/index.ts';
import { values } from './support.ts';

const compute = createCpuCompute();

async function noise(keys: NoiseKey[], length: number): Promise<number[]> {
  const out = compute.empty([keys.length, length], 'float32');
  compute.gaussianNoise(keys, out);
  const data = await values(compute, out);
  out.dispose();
  return data;
}

const word = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const key = fc.record({ seed: word, frame: word, variant: word });

const mean = (data: number[]) => data.reduce((sum, value) => sum + value, 0) / data.length;
const moment = (data: number[], power: number) => mean(data.map((value) => value ** power));
const correlation = (a: number[], b: number[]) => mean(a.map((value, i) => value * (b[i] ?? NaN)));

describe('philox4x32', () => {
  // Known-answer tests published with Random123.
  it.each([
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ] as const)('gives the published answer for counter %j and key %j', (counter, keys, answer) => {
    expect(philox4x32(counter, keys)).toEqual(answer);
  });

  it('multiplies 32-bit words exactly, like a BigInt reference', () => {
    // One round would suffice here, but ten rounds of BigInt are the definition.
    const reference = (counter: readonly bigint[], start: readonly bigint[]): number[] => {
      const mask = 0xffffffffn;
      let [c0 = 0n, c1 = 0n, c2 = 0n, c3 = 0n] = counter;
      let [k0 = 0n, k1 = 0n] = start;
      for (let round = 0; round < 10; round++) {
        const p0 = 0xd2511f53n * c0;
        const p1 = 0xcd9e8d57n * c2;
        [c0, c1, c2, c3] = [(p1 >> 32n) ^ c1 ^ k0, p1 & mask, (p0 >> 32n) ^ c3 ^ k1, p0 & mask];
        k0 = (k0 + 0x9e3779b9n) & mask;
        k1 = (k1 + 0xbb67ae85n) & mask;
      }
      return [c0, c1, c2, c3].map(Number);
    };
    fc.assert(
      fc.property(fc.tuple(word, word, word, word), fc.tuple(word, word), (counter, start) => {
        expect(philox4x32(counter, start)).toEqual(reference(counter.map(BigInt), start.map(BigInt)));
      }),
    );
  });
});

describe('gaussianNoise', () => {
  it('has the moments and tails of a standard normal distribution', async () => {
    const data = await noise([{ seed: 7, frame: 1, variant: 0 }], 400_000);
    const deviationOfMean = 1 / Math.sqrt(data.length);
    // Five standard errors of each moment; the variances of x, x², x³ and x⁴ are 1, 2, 15 and 96.
    expect(Math.abs(mean(data))).toBeLessThan(5 * deviationOfMean);
    expect(Math.abs(moment(data, 2) - 1)).toBeLessThan(5 * Math.sqrt(2) * deviationOfMean);
    expect(Math.abs(moment(data, 3))).toBeLessThan(5 * Math.sqrt(15) * deviationOfMean);
    expect(Math.abs(moment(data, 4) - 3)).toBeLessThan(5 * Math.sqrt(96) * deviationOfMean);
    // Fractions beyond 1, 2 and 3 standard deviations.
    for (const [limit, share] of [
      [1, 0.3173105],
      [2, 0.0455003],
      [3, 0.0026998],
    ] as const) {
      const beyond = data.filter((value) => Math.abs(value) > limit).length / data.length;
      expect(Math.abs(beyond - share)).toBeLessThan(5 * Math.sqrt(share) * deviationOfMean);
    }
  });

  it('has uncorrelated neighbours', async () => {
    const data = await noise([{ seed: 8, frame: 0, variant: 0 }], 200_000);
    for (const lag of [1, 2, 3, 4, 64, 4096]) {
      const pairs = data.length - lag;
      expect(Math.abs(correlation(data.slice(0, pairs), data.slice(lag)))).toBeLessThan(5 / Math.sqrt(pairs));
    }
  });

  it('is uncorrelated between seeds, frames and variants', async () => {
    const base = { seed: 5, frame: 5, variant: 5 };
    const length = 100_000;
    const reference = await noise([base], length);
    for (const other of [
      { ...base, seed: 6 },
      { ...base, frame: 6 },
      { ...base, variant: 6 },
      { seed: 5, frame: 2 ** 32 - 1, variant: 5 },
    ]) {
      const data = await noise([other], length);
      expect(Math.abs(correlation(reference, data))).toBeLessThan(5 / Math.sqrt(length));
    }
  });

  it('depends on its key alone, not on the batch or the row length', async () => {
    await fc.assert(
      fc.asyncProperty(key, key, fc.integer({ min: 1, max: 20 }), async (a, b, blocks) => {
        const batch = await noise([a, b], 4 * blocks);
        expect(batch.slice(0, 4 * blocks)).toEqual(await noise([a], 4 * blocks));
        expect(batch.slice(4 * blocks)).toEqual((await noise([b], 4 * blocks + 40)).slice(0, 4 * blocks));
      }),
    );
  });

  it('equals stored reference values, so that saved projects stay reproducible', async () => {
    // Computed in float64 by an independent program.
    const answer = [
      0.8035678275399836, 0.7417945837150501, -0.8819127380797778, 0.15850744229558025, 0.06717073606999698,
      0.28248734533268444, -0.6215897184621068, -0.26719431389715304,
    ];
    expect(await noise([{ seed: 1, frame: 2, variant: 3 }], 8)).toEqual(answer.map(Math.fround));
  });

  it('rejects keys that are not unsigned 32-bit integers', () => {
    const out = compute.empty([1, 4], 'float32');
    for (const seed of [-1, 0.5, 2 ** 32, NaN]) {
      expect(() => {
        compute.gaussianNoise([{ seed, frame: 0, variant: 0 }], out);
      }).toThrow('whole numbers');
    }
    out.dispose();
  });
});

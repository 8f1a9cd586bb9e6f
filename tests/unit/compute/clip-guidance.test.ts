import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCpuCompute } from '../../../src/compute/index.ts';
import {
  golden,
  goldenChecks,
  largestDifference,
  normal,
  relativeError,
  unitRows,
  values,
} from './support.ts';

const compute = createCpuCompute();

interface Case {
  readonly embeds: Float32Array;
  readonly text: Float32Array;
  readonly length: number;
  readonly positives: number;
  readonly negatives: number;
  readonly positiveScale: number;
  readonly negativeScale: number;
  readonly repeats: number;
}

async function guide(given: Case): Promise<{ shifted: number[]; report: number[] }> {
  const { embeds, text, length, positives, negatives } = given;
  const source = compute.upload(embeds, [embeds.length / length, length]);
  const prompts = positives + negatives === 0 ? null : compute.upload(text, [positives + negatives, length]);
  const { shifted, report } = compute.clipGuidance(source, { ...given, text: prompts });
  const out = { shifted: await values(compute, shifted), report: await values(compute, report) };
  for (const tensor of [source, prompts, shifted, report]) tensor?.dispose();
  return out;
}

/** Loss as in the original program: normalise, cosines, means. */
function loss(e: ArrayLike<number>, given: Case): number {
  const { text, length, positives, negatives } = given;
  const norm = Math.hypot(...Array.from(e));
  const cosine = (row: number) => {
    let sum = 0;
    for (let i = 0; i < length; i++) sum += ((e[i] ?? NaN) / norm) * (text[row * length + i] ?? NaN);
    return sum;
  };
  const meanCosine = (first: number, rows: number) => {
    let sum = 0;
    for (let row = first; row < first + rows; row++) sum += cosine(row);
    return rows === 0 ? 0 : sum / rows;
  };
  return (
    given.negativeScale * meanCosine(positives, negatives) - given.positiveScale * meanCosine(0, positives)
  );
}

/** fast-check arbitrary: an embedding, prompts and scales. */
const anyCase = fc
  .record({
    seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    length: fc.integer({ min: 2, max: 40 }),
    positives: fc.integer({ min: 0, max: 4 }),
    negatives: fc.integer({ min: 0, max: 4 }),
    positiveScale: fc.double({ min: 0, max: 1, noNaN: true }),
    negativeScale: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .filter(({ positives, negatives }) => positives + negatives > 0);

async function makeCase(shape: typeof anyCase extends fc.Arbitrary<infer T> ? T : never): Promise<Case> {
  const { seed, length, positives, negatives } = shape;
  const data = await normal(seed, length * (1 + positives + negatives));
  return {
    ...shape,
    embeds: data.slice(0, length).map((value, i) => (i === 0 ? value + 5 : value)),
    text: unitRows(data.slice(length), length),
    repeats: 1,
  };
}

describe('clipGuidance', () => {
  it.each(goldenChecks('guidance'))('agrees with the original: $name', async (check) => {
    const embeds = await golden.array(check.imageEmbeds);
    const text = await golden.array(check.textEmbeds);
    const { shifted } = await guide({
      ...check,
      embeds: embeds.data,
      text: text.data,
      length: embeds.dims[1] ?? 0,
    });
    expect(relativeError(shifted, (await golden.array(check.shifted)).data)).toBeLessThan(1e-6);
  });

  it('leaves embeddings unchanged with no repeats and with no prompts', async () => {
    const embeds = await normal(1, 96);
    const text = unitRows(await normal(2, 96), 32);
    const base = { embeds, text, length: 32, positiveScale: 30, negativeScale: 30 };
    const still = await guide({ ...base, positives: 2, negatives: 1, repeats: 0 });
    expect(still.shifted).toEqual(Array.from(embeds));
    for (let row = 0; row < 3; row++) {
      const [moved, positiveBefore, positiveAfter, negativeBefore, negativeAfter] = still.report.slice(
        5 * row,
      );
      expect(moved).toBeCloseTo(1, 6);
      expect(positiveAfter).toBe(positiveBefore);
      expect(negativeAfter).toBe(negativeBefore);
    }
    const alone = await guide({ ...base, positives: 0, negatives: 0, repeats: 10 });
    expect(alone.shifted).toEqual(Array.from(embeds));
    expect(alone.report.slice(1, 5)).toEqual([0, 0, 0, 0]);
  });

  it('steps along the gradient of the loss, as found by finite differences', async () => {
    await fc.assert(
      fc.asyncProperty(anyCase, async (shape) => {
        const given = await makeCase(shape);
        const { shifted } = await guide(given);
        const h = 1e-4;
        const numeric = Array.from(given.embeds, (_, i) => {
          const up = Float64Array.from(given.embeds);
          const down = Float64Array.from(given.embeds);
          up[i] = (up[i] ?? NaN) + h;
          down[i] = (down[i] ?? NaN) - h;
          return (loss(up, given) - loss(down, given)) / (2 * h);
        });
        const expected = numeric.map((slope, i) => (given.embeds[i] ?? NaN) - slope);
        expect(largestDifference(shifted, expected)).toBeLessThan(2e-6);
      }),
    );
  });

  it('lowers the loss while steps are small', async () => {
    await fc.assert(
      fc.asyncProperty(anyCase, async (shape) => {
        const given = { ...(await makeCase(shape)), repeats: 5 };
        const { shifted } = await guide(given);
        // Tolerance of float32.
        expect(loss(shifted, given)).toBeLessThanOrEqual(loss(given.embeds, given) + 1e-7);
      }),
    );
  });

  it('never shortens an embedding: the gradient is perpendicular to it', async () => {
    await fc.assert(
      fc.asyncProperty(anyCase, async (shape) => {
        const given = await makeCase({ ...shape, positiveScale: 30 * shape.positiveScale });
        const { shifted } = await guide(given);
        const step = shifted.map((value, i) => value - (given.embeds[i] ?? NaN));
        const squared = Math.hypot(...given.embeds) ** 2 + Math.hypot(...step) ** 2;
        expect(Math.hypot(...shifted) ** 2 / squared).toBeCloseTo(1, 5);
      }),
    );
  });

  it('treats every row independently', async () => {
    const embeds = await normal(3, 3 * 64);
    const text = unitRows(await normal(4, 5 * 64), 64);
    const base = {
      text,
      length: 64,
      positives: 2,
      negatives: 3,
      positiveScale: 30,
      negativeScale: 20,
      repeats: 6,
    };
    const together = await guide({ ...base, embeds });
    for (let row = 0; row < 3; row++) {
      const alone = await guide({ ...base, embeds: embeds.slice(64 * row, 64 * (row + 1)) });
      expect(alone.shifted).toEqual(together.shifted.slice(64 * row, 64 * (row + 1)));
      expect(alone.report).toEqual(together.report.slice(5 * row, 5 * (row + 1)));
    }
  });

  it('reports how far the embedding moved and the cosines to the prompts before and after', async () => {
    const embeds = await normal(5, 48, 3);
    const text = unitRows(await normal(6, 4 * 48), 48);
    const given = {
      embeds,
      text,
      length: 48,
      positives: 3,
      negatives: 1,
      positiveScale: 30,
      negativeScale: 30,
      repeats: 10,
    };
    const { shifted, report } = await guide(given);
    const before = compute.upload(embeds, [1, 48]);
    const after = compute.upload(Float32Array.from(shifted), [1, 48]);
    const prompts = compute.upload(text, [4, 48]);
    const [moved] = await values(compute, compute.cosines(before, after));
    const nearBefore = await values(compute, compute.cosines(before, prompts));
    const nearAfter = await values(compute, compute.cosines(after, prompts));
    const mean = ([a = NaN, b = NaN, c = NaN]: number[]) => (a + b + c) / 3;
    const expected = [moved, mean(nearBefore), mean(nearAfter), nearBefore[3], nearAfter[3]];
    expect(largestDifference(report, expected.map(Number))).toBeLessThan(1e-6);
    expect(mean(nearAfter)).toBeGreaterThan(mean(nearBefore));
    expect(nearAfter[3]).toBeLessThan(Number(nearBefore[3]));
  });

  it('gives NaN for a zero embedding and for one with NaN', async () => {
    const text = unitRows(await normal(7, 8), 8);
    const base = {
      text,
      length: 8,
      positives: 1,
      negatives: 0,
      positiveScale: 1,
      negativeScale: 1,
      repeats: 1,
    };
    expect((await guide({ ...base, embeds: new Float32Array(8) })).shifted).toEqual(Array(8).fill(NaN));
    expect((await guide({ ...base, embeds: Float32Array.of(1, 2, NaN, 4, 5, 6, 7, 8) })).report[2]).toBeNaN();
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { segmentBatches } from '../../../src/animation/index.ts';
import type { Segment } from '../../../src/animation/index.ts';
import { createCpuCompute } from '../../../src/compute/index.ts';
import { Pipeline } from '../../../src/diffusion/index.ts';
import { createModel, targetFor } from '../../../src/models/index.ts';
import type { Runtime } from '../../../src/runtime/index.ts';
import { embeddingWidth, tinyModelParts } from '../../support/tiny-model.ts';
import { normal, values } from '../compute/support.ts';

const compute = createCpuCompute();
const model = createModel(await tinyModelParts(), targetFor('float32', false));
/** Runtime without sessions: these tests run no network. */
const runtime: Runtime = {
  liveSessions: 0,
  createSession: (name) => Promise.reject(new Error(`${name} was loaded`)),
};
const pipeline = new Pipeline(compute, runtime, model);

const noiseDims = [1, 4, 8, 8];
const row = async (seed: number, dims: number[]) =>
  compute.upload(
    await normal(
      seed,
      dims.reduce((a, b) => a * b, 1),
    ),
    dims,
  );
const ends = {
  startEmbeds: await row(1, [1, embeddingWidth]),
  goalEmbeds: await row(2, [1, embeddingWidth]),
  startNoise: await row(3, noiseDims),
  newNoise: await row(4, noiseDims),
};
const read = async (tensor: Segment['startNoise']) => values(compute, tensor);

/** Embeddings and noises of all frames of a segment, and its batch sizes. */
async function frames(segment: Omit<Segment, keyof typeof ends>) {
  const embeds: number[][] = [];
  const noises: number[][] = [];
  const batches: number[] = [];
  for (const batch of segmentBatches(pipeline, { ...ends, ...segment })) {
    const [count = 0] = batch.embeds.dims;
    expect(batch.noise.dims).toEqual([count, ...noiseDims.slice(1)]);
    batches.push(count);
    const [allEmbeds, allNoises] = [await read(batch.embeds), await read(batch.noise)];
    for (let index = 0; index < count; index++) {
      embeds.push(allEmbeds.slice(index * embeddingWidth, (index + 1) * embeddingWidth));
      noises.push(allNoises.slice(index * 256, (index + 1) * 256));
    }
    batch.embeds.dispose();
    batch.noise.dispose();
  }
  return { embeds, noises, batches };
}

describe('the frames of a segment', () => {
  it('do not depend on the batch size; the last batch holds the remaining frames', async () => {
    const before = compute.liveTensors;
    const whole = await frames({ intermediate: 7, noiseShift: 0.4, batchSize: 7 });
    expect(whole.batches).toEqual([7]);
    for (const [batchSize, batches] of [
      [1, [1, 1, 1, 1, 1, 1, 1]],
      [3, [3, 3, 1]],
      [100, [7]],
    ] as const) {
      expect(await frames({ intermediate: 7, noiseShift: 0.4, batchSize })).toEqual({ ...whole, batches });
    }
    expect(compute.liveTensors).toBe(before);
  });

  it('end at the goal, and with a noise shift of 1 at the new noise', async () => {
    const { embeds, noises } = await frames({ intermediate: 5, noiseShift: 1, batchSize: 2 });
    expect(embeds.at(-1)).toEqual(await read(ends.goalEmbeds));
    expect(noises.at(-1)).toEqual(await read(ends.newNoise));
  });

  it('keep their noise with a noise shift of 0', async () => {
    const { noises } = await frames({ intermediate: 3, noiseShift: 0, batchSize: 2 });
    const still = await read(ends.startNoise);
    expect(noises).toEqual([still, still, still]);
  });

  it('keep unit variance on the way to a correlated noise', async () => {
    const alike = compute.empty(noiseDims, 'float32');
    compute.lerp(ends.startNoise, ends.newNoise, 0.3, true, alike, 0);
    const correlation = 0.7 / Math.hypot(0.3, 0.7);
    const segment = { ...ends, newNoise: alike, intermediate: 4, noiseShift: 1, batchSize: 4 };
    const variances = async (of: Segment) => {
      const [batch] = segmentBatches(pipeline, of);
      if (!batch) throw new Error('a segment has frames');
      const noise = await read(batch.noise);
      batch.embeds.dispose();
      batch.noise.dispose();
      return [0, 1, 2, 3].map(
        (row) => noise.slice(256 * row, 256 * (row + 1)).reduce((sum, value) => sum + value ** 2, 0) / 256,
      );
    };
    const [start, , , end] = await variances({ ...segment, newNoise: ends.startNoise, correlation: 1 });
    expect(start).toBeCloseTo(end ?? NaN, 5);
    const [, halfway] = await variances({ ...segment, correlation });
    const [, tooStrong] = await variances(segment);
    expect(Math.abs((halfway ?? NaN) - 1)).toBeLessThan(0.3);
    expect(tooStrong).toBeGreaterThan(1.5);
    alike.dispose();
  });

  it('keep unit variance for any noise shift', async () => {
    await fc.assert(
      fc.asyncProperty(fc.double({ min: 0, max: 1, noNaN: true }), async (noiseShift) => {
        const { noises } = await frames({ intermediate: 4, noiseShift, batchSize: 4 });
        for (const noise of noises) {
          const variance = noise.reduce((sum, value) => sum + value ** 2, 0) / noise.length;
          expect(variance).toBeGreaterThan(0.7);
          expect(variance).toBeLessThan(1.3);
        }
      }),
      { numRuns: 20 },
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCpuCompute } from '../../../src/compute/index.ts';
import type { SolverStep } from '../../../src/compute/index.ts';
import { golden, goldenChecks, largestDifference, normal, relativeError, values } from './support.ts';

const compute = createCpuCompute();
const dims = [2, 4, 3, 5] as const;
const count = 120;

interface Given {
  readonly latents: Float32Array;
  readonly previousX0: Float32Array;
  readonly unconditional: Float32Array;
  readonly conditional: Float32Array;
}

const given = async (seed: number): Promise<Given> => ({
  latents: await normal(seed, count),
  previousX0: await normal(seed + 1, count),
  unconditional: await normal(seed + 2, count),
  conditional: await normal(seed + 3, count),
});

async function run(step: SolverStep, data: Given, guidanceScale: number | null) {
  const doubled = guidanceScale !== null;
  const wide = [doubled ? 4 : 2, 4, 3, 5];
  const output = doubled ? [...data.unconditional, ...data.conditional] : data.conditional;
  const state = {
    latents: compute.upload(data.latents, dims),
    previousX0: compute.upload(data.previousX0, dims),
    modelInput: compute.empty(dims, 'float32'),
  };
  const modelOutput = compute.upload(Float32Array.from(output), wide);
  compute.dpmSolverStep(step, guidanceScale ?? NaN, modelOutput, state);
  const out = {
    latents: await values(compute, state.latents),
    previousX0: await values(compute, state.previousX0),
    modelInput: await values(compute, state.modelInput),
  };
  for (const tensor of [...Object.values(state), modelOutput]) tensor.dispose();
  return out;
}

const weight = fc.double({ min: -4, max: 4, noNaN: true });
const anyStep = fc.record({
  x0FromSample: weight,
  x0FromOutput: weight,
  sampleWeight: weight,
  x0Weight: weight,
  previousWeight: weight,
});

/** DPM-Solver++ (2M), algorithm 2 of the paper, for noise prediction. */
function publishedStep(sigmas: ArrayLike<number>, index: number, steps: number): SolverStep {
  const at = (i: number) => {
    const ratio = sigmas[i] ?? NaN;
    const alpha = 1 / Math.sqrt(1 + ratio * ratio);
    return { alpha, sigma: ratio * alpha, lambda: -Math.log(ratio) };
  };
  const [s, t] = [at(index), at(index + 1)];
  const h = t.lambda - s.lambda;
  const toX0 = { x0FromSample: 1 / s.alpha, x0FromOutput: -s.sigma / s.alpha };
  const alongX0 = -t.alpha * Math.expm1(-h);
  const first = index === 0 || index === steps - 1;
  const r = first ? Infinity : (s.lambda - at(index - 1).lambda) / h;
  return {
    ...toX0,
    sampleWeight: t.sigma / s.sigma,
    x0Weight: alongX0 * (1 + 1 / (2 * r)),
    previousWeight: first ? 0 : -alongX0 / (2 * r),
  };
}

describe('dpmSolverStep', () => {
  it.each(goldenChecks('scheduler'))(
    'follows the latents of the original with the published weights: $name',
    async (check) => {
      const sigmas = (await golden.array(check.sigmas)).data;
      const outputs = (await golden.array(check.modelOutputs)).data;
      const expected = (await golden.array(check.latents)).data;
      const start = (await golden.array(check.start)).data;
      const shape = [1, 4, 8, 8];
      const state = {
        latents: compute.upload(start, shape),
        previousX0: compute.empty(shape, 'float32'),
        modelInput: compute.empty(shape, 'float32'),
      };
      for (let index = 0; index < check.steps; index++) {
        const part = (data: Float32Array) => data.slice(index * start.length, (index + 1) * start.length);
        const modelOutput = compute.upload(part(outputs), shape);
        compute.dpmSolverStep(publishedStep(sigmas, index, check.steps), 1, modelOutput, state);
        expect(relativeError(await values(compute, state.latents), part(expected))).toBeLessThan(1e-5);
        modelOutput.dispose();
      }
      for (const tensor of Object.values(state)) tensor.dispose();
    },
  );

  it('sets the first overflow flag for latents that are not finite, and never resets it', async () => {
    const step = { x0FromSample: 1, x0FromOutput: 1, sampleWeight: 1, x0Weight: 1, previousWeight: 0 };
    const shape = [1, 4, 1, 1];
    const overflow = compute.empty([2], 'float32');
    for (const [value, flag] of [
      [1, 0],
      [1e38, 0],
      [NaN, 1],
      // Flags are never reset.
      [1, 1],
    ] as const) {
      const output = compute.upload(Float32Array.of(0, 0, value, 0), shape);
      const state = {
        latents: compute.empty(shape, 'float32'),
        previousX0: compute.empty(shape, 'float32'),
        modelInput: compute.empty(shape, 'float32'),
      };
      compute.dpmSolverStep(step, 1, output, state, overflow);
      expect(await values(compute, overflow)).toEqual([flag, 0]);
      for (const tensor of [output, ...Object.values(state)]) tensor.dispose();
    }
    overflow.dispose();
  });

  it('computes its three weighted sums', async () => {
    await fc.assert(
      fc.asyncProperty(anyStep, fc.nat(1000), weight, async (step, seed, scale) => {
        const data = await given(seed);
        const out = await run(step, data, scale);
        const x0 = data.latents.map((sample, i) => {
          const u = data.unconditional[i] ?? NaN;
          const output = u + scale * ((data.conditional[i] ?? NaN) - u);
          return step.x0FromSample * sample + step.x0FromOutput * output;
        });
        const next = data.latents.map(
          (sample, i) =>
            step.sampleWeight * sample +
            step.x0Weight * (x0[i] ?? NaN) +
            step.previousWeight * (data.previousX0[i] ?? NaN),
        );
        expect(largestDifference(out.previousX0, x0)).toBeLessThan(1e-4);
        expect(largestDifference(out.latents, next)).toBeLessThan(1e-3);
        expect(out.modelInput).toEqual(out.latents);
      }),
      { numRuns: 50 },
    );
  });

  it('with guidance scale 1 uses the conditional half alone, with 0 the unconditional half', async () => {
    await fc.assert(
      fc.asyncProperty(anyStep, fc.nat(1000), async (step, seed) => {
        const data = await given(seed);
        const conditional = await run(step, data, null);
        expect(largestDifference((await run(step, data, 1)).latents, conditional.latents)).toBeLessThan(1e-4);
        const unconditional = await run(step, { ...data, conditional: data.unconditional }, null);
        expect((await run(step, data, 0)).latents).toEqual(unconditional.latents);
        expect(conditional.modelInput).toEqual(conditional.latents);
      }),
      { numRuns: 50 },
    );
  });

  it('reuses kept guidance: a step with one half adds the difference that a full step has stored', async () => {
    await fc.assert(
      fc.asyncProperty(anyStep, fc.nat(1000), weight, async (step, seed, scale) => {
        const data = await given(seed);
        const difference = compute.empty(dims, 'float32');
        const stepped = async (output: Float32Array) => {
          const state = {
            latents: compute.upload(data.latents, dims),
            previousX0: compute.upload(data.previousX0, dims),
            modelInput: compute.empty(dims, 'float32'),
          };
          const modelOutput = compute.upload(output, [output.length / 60, 4, 3, 5]);
          compute.dpmSolverStep(step, scale, modelOutput, { ...state, difference });
          const latents = await values(compute, state.latents);
          for (const tensor of [...Object.values(state), modelOutput]) tensor.dispose();
          return latents;
        };
        const full = await stepped(Float32Array.from([...data.unconditional, ...data.conditional]));
        // With the same latents and conditional half, reused guidance gives the same step.
        expect(largestDifference(await stepped(data.conditional), full)).toBeLessThan(1e-3);
        difference.dispose();
      }),
      { numRuns: 50 },
    );
  });

  it('ignores previousX0 in a first step, but propagates NaN from the network', async () => {
    const step = { x0FromSample: 1, x0FromOutput: 1, sampleWeight: 1, x0Weight: 1, previousWeight: 0 };
    const data = await given(5);
    const broken = { ...data, previousX0: data.previousX0.map(() => NaN) };
    expect((await run(step, broken, 4)).latents).toEqual((await run(step, data, 4)).latents);
    const out = await run(step, { ...data, conditional: data.conditional.map(() => NaN) }, 4);
    expect(out.latents).toEqual(Array(count).fill(NaN));
    expect(out.modelInput).toEqual(Array(count).fill(NaN));
  });
});

describe('modelInput', () => {
  it('copies the latents', async () => {
    const data = await normal(9, count);
    const latents = compute.upload(data, dims);
    const input = compute.empty(dims, 'float32');
    compute.modelInput(latents, input);
    expect(await values(compute, input)).toEqual(Array.from(data));
    input.dispose();
    latents.dispose();
  });
});

import { ModelError } from '../../src/base/index.ts';
import type { DeviceTensor } from '../../src/compute/index.ts';
import { Scope } from '../../src/diffusion/index.ts';
import type { Pipeline } from '../../src/diffusion/index.ts';
import type { OnnxModel, Runtime, Session } from '../../src/runtime/index.ts';
import type { BenchBackend } from './frame.ts';
import type { GpuWorkMeter } from './gpu-work.ts';
import { timingOf } from './timing.ts';
import type { Timing } from './timing.ts';

/** Input names of a UNet exported by `export_unet.py`; diffusers' exporter uses the same. */
const inputNames = ['sample', 'timestep', 'encoder_hidden_states'];
const timestep = 500;

/** Milliseconds of a run, until its work was asked for and until it was done. */
interface RunTime {
  readonly asked: number;
  readonly done: number;
}

/** Durations in milliseconds, and that of the second UNet relative to the compiled one, for each pair of runs. */
interface TimesOfBoth {
  readonly compiled: Timing;
  readonly second: Timing;
  readonly ratio: { readonly median: number; readonly lowest: number; readonly highest: number };
}

/** Comparison of two UNets with the same weights, timed alternately (A B A B), so that a drift in speed affects both. */
export interface UnetComparison {
  readonly done: TimesOfBoth;
  /**
   * Until all of the GPU's work is asked for: what remains on a GPU that is faster than the processor asks. The threads of a
   * software GPU take cores from the one that asks, so there it is an upper bound.
   */
  readonly asked: TimesOfBoth;
  /** Dispatches of one evaluation of each; null without a GPU. */
  readonly dispatches: { readonly compiled: number; readonly second: number } | null;
  /** Relative L2 difference of the conditional predictions. */
  readonly 'relative difference': number;
}

/**
 * Times a UNet exported to ONNX against the compiled one, alternately, both with the two rows of classifier-free guidance.
 *
 * @param noise - latents [1, channels, height, width]
 * @throws ModelError `unet-inputs` if its inputs are not those of diffusers' exporter, `session-failed`
 */
export async function compareUnets(
  { compute, runtime }: Pick<BenchBackend, 'compute' | 'runtime'>,
  pipeline: Pipeline,
  model: OnnxModel,
  { noise, embeds, rounds }: { noise: DeviceTensor; embeds: DeviceTensor; rounds: number },
  work: GpuWorkMeter | null,
): Promise<UnetComparison> {
  const second = await openSecond(runtime, model);
  const scope = new Scope();
  try {
    const [latents, embedding] = await compute.read([noise, embeds]);
    if (!latents || !embedding) throw new RangeError('two tensors have two values');
    const twice = (first: Float32Array, then: Float32Array) => {
      const rows = new Float32Array(first.length + then.length);
      rows.set(first);
      rows.set(then, first.length);
      return rows;
    };
    const type = compute.modelType;
    const [values, context] = [Float32Array.from(latents), Float32Array.from(embedding)];
    const [, ...dims] = noise.dims;
    const inputs = {
      sample: scope.own(compute.upload(twice(values, values), [2, ...dims], type)),
      timestep: scope.own(compute.upload(new Float32Array([timestep]), [1], type)),
      encoder_hidden_states: scope.own(
        compute.upload(twice(new Float32Array(context.length), context), [2, 1, context.length], type),
      ),
    };
    const compiledOnce = () => pipeline.predict(noise, timestep, embeds, 2);
    const secondOnce = async () => {
      const [output] = Object.values(await second.run(inputs));
      if (!output) throw new RangeError('a UNet has an output');
      return output;
    };
    const run = async (once: () => Promise<DeviceTensor>): Promise<RunTime> => {
      const began = performance.now();
      const output = await once();
      const asked = performance.now() - began;
      await compute.idle();
      const done = performance.now() - began;
      output.dispose();
      return { asked, done };
    };

    const outputs = [scope.own(await compiledOnce()), scope.own(await secondOnce())];
    const dispatchesOf = async (once: () => Promise<DeviceTensor>, meter: GpuWorkMeter) => {
      meter.take();
      await run(once);
      return meter.take().dispatches;
    };
    const dispatches = work && {
      compiled: await dispatchesOf(compiledOnce, work),
      second: await dispatchesOf(secondOnce, work),
    };
    const [ours, theirs] = await compute.read(outputs);
    const [compiled, exported]: [RunTime[], RunTime[]] = [[], []];
    for (let round = 0; round < rounds; round++) {
      compiled.push(await run(compiledOnce));
      exported.push(await run(secondOnce));
    }
    return {
      done: timesOfBoth(compiled, exported, 'done'),
      asked: timesOfBoth(compiled, exported, 'asked'),
      dispatches,
      'relative difference': relativeDifference(secondRow(ours), secondRow(theirs)),
    };
  } finally {
    scope.dispose();
    await second.release();
  }
}

function timesOfBoth(
  compiled: readonly RunTime[],
  second: readonly RunTime[],
  until: keyof RunTime,
): TimesOfBoth {
  const pairs = second.map((run, round) => run[until] / (compiled[round]?.[until] ?? NaN));
  const { median, best: lowest, worst: highest } = timingOf(pairs, 3);
  return {
    compiled: timingOf(compiled.map((run) => run[until])),
    second: timingOf(second.map((run) => run[until])),
    ratio: { median, lowest, highest },
  };
}

async function openSecond(runtime: Runtime, model: OnnxModel): Promise<Session> {
  const session = await runtime.createSession('second UNet', model);
  const names = session.inputs.map(({ name }) => name);
  if (names.join() === inputNames.join()) return session;
  await session.release();
  throw new ModelError('unet-inputs', `The second UNet has the inputs ${names.join(', ')}.`, {
    remedy: `The inputs must be ${inputNames.join(', ')}: export it with tools/bench/export_unet.py.`,
    details: { inputs: names.join() },
  });
}

/** The second of two rows, which is the conditional one. */
const secondRow = (values: ArrayLike<number> | undefined) => {
  const all = Float32Array.from(values ?? []);
  return all.subarray(all.length / 2);
};

function relativeDifference(a: Float32Array, b: Float32Array): number {
  const norm = (values: Float32Array) => Math.hypot(...values);
  return Number((norm(a.map((value, index) => value - (b[index] ?? NaN))) / norm(b)).toPrecision(3));
}

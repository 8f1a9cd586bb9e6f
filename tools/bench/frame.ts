import type { Compute, DeviceTensor } from '../../src/compute/index.ts';
import { Pipeline, Scope } from '../../src/diffusion/index.ts';
import { encodePng } from '../../src/formats/index.ts';
import { createModel } from '../../src/models/index.ts';
import type { Target } from '../../src/models/index.ts';
import type { ModelParts } from '../../src/models/model.ts';
import { speedSchema, stepsComputed } from '../../src/project/speed.ts';
import type { Speed } from '../../src/project/speed.ts';
import type { OnnxModel, Runtime } from '../../src/runtime/index.ts';
import { fileStages } from './files.ts';
import type { GpuTimer } from './gpu-timer.ts';
import type { GpuWork, GpuWorkMeter } from './gpu-work.ts';
import { compareUnets } from './second-unet.ts';
import type { UnetComparison } from './second-unet.ts';
import type { KernelProfiler, KernelTime } from './kernel-profile.ts';
import { measure, timeOf, timingOf } from './timing.ts';
import type { Timing } from './timing.ts';

/** Device and runtime under measurement, in Node or in a browser. */
export interface BenchBackend {
  readonly compute: Compute;
  readonly runtime: Runtime;
  readonly target: Target;
}

export interface BenchOptions {
  /** Side of the pictures, in pixels. */
  readonly size: number;
  /** Side of those that the image encoder reads; null for the checkpoint's. */
  readonly clip: number | null;
  readonly steps: number;
  readonly rounds: number;
  readonly parts: readonly BenchPart[];
  /** Another UNet with the same weights, timed alternately with the compiled one. */
  readonly second: OnnxModel | null;
}

/** Parts of a measurement. */
export const benchParts = ['stages', 'second', 'speeds'] as const;
type BenchPart = (typeof benchParts)[number];

/** Called with the name of what is measured next. A network of full size takes minutes on a software GPU. */
export type OnStage = (name: string) => void;

/** Counters of GPU work; null without a GPU. */
export interface BenchMeters {
  readonly work: GpuWorkMeter | null;
  readonly timer: GpuTimer | null;
  readonly profiler: KernelProfiler | null;
}

/** Times of a frame, in milliseconds. */
export interface FrameReport {
  readonly 'loading, ms': Readonly<Record<string, number>>;
  /** Time of the first frame, of one step, which compiles the shaders. */
  readonly 'first frame, ms': number | null;
  readonly 'stages, ms': Readonly<Record<string, Timing>>;
  /** GPU time of one run of each stage, from timestamp queries; null if they are not supported. */
  readonly 'GPU time, ms': Readonly<Record<string, number | null>> | null;
  /** Null unless stages and whole frames are measured. */
  readonly 'stages between networks, part of a frame': number | null;
  readonly 'whole frames by Speed, in turn, ms': Readonly<Record<Speed, Timing>> | null;
  /**
   * Duration of an exact frame by the second UNet, relative to a whole frame by each Speed: by medians, where it differs
   * from the compiled one's by as many evaluations as there are steps. Null unless both are measured.
   */
  readonly 'frame by the second UNet, ratio by Speed': Readonly<Record<Speed, number>> | null;
  readonly 'UNet, guided, in turn with the second'?: UnetComparison;
  readonly 'kernels by GPU time'?: Readonly<Record<string, readonly KernelTime[] | null>>;
  readonly 'of a frame': GpuWork | null;
}

/** A report, with the environment it was measured in. */
export interface BenchReport extends FrameReport {
  readonly device: string;
  readonly 'peak memory, MB': Readonly<Record<string, number>>;
}

/** Stages of which profiles are made. */
const profiled = ['UNet, guided', 'decoder', 'image encoder'];

/** Megabytes (10⁶ bytes) with one digit after the point. */
export const megabytes = (bytes: number) => Number((bytes / 1e6).toFixed(1));

/** Times loading, each stage of a frame, whole frames, and the export of files. Frees what it loads. */
export async function benchFrame(
  backend: BenchBackend,
  modelParts: ModelParts,
  { size, clip, steps, rounds, parts, second }: BenchOptions,
  { work, timer, profiler }: BenchMeters,
  onStage: OnStage,
): Promise<FrameReport> {
  const { compute, runtime, target } = backend;
  const model = createModel(
    {
      ...modelParts,
      imageEncoder: { ...modelParts.imageEncoder, size: clip ?? modelParts.imageEncoder.size },
    },
    target,
  );
  const pipeline = new Pipeline(compute, runtime, model);
  const scope = new Scope();
  const measures = (part: BenchPart) => parts.includes(part);
  try {
    const loading = await load(pipeline, size, onStage);
    const picture = scope.own(compute.empty([size, size, 4], 'uint8'));
    const text = scope.own(compute.empty([2, model.embeddingWidth], 'float32'));
    const terms = { text, positives: 1, negatives: 1, positiveScale: 30, negativeScale: 30, repeats: 10 };
    const embeds = scope.own(await pipeline.encode(picture));
    const makeNoise = () => pipeline.noise([{ seed: 1, frame: 0, variant: 0 }], size, size);
    const noise = scope.own(makeNoise());
    const guidanceScale = 4;
    const frame = async (stepsTaken: number) => {
      const made = new Scope();
      try {
        const start = made.own(await pipeline.encode(picture));
        const { shifted, report } = pipeline.guide(start, terms);
        made.own(report);
        const fresh = made.own(makeNoise());
        const run = {
          embeds: made.own(shifted),
          noise: fresh,
          steps: stepsTaken,
          guidanceScale,
        };
        const latents = made.own(await pipeline.denoise(run));
        const decoded = made.own(await pipeline.decode(latents));
        return await pipeline.read(decoded, [report]);
      } finally {
        made.dispose();
      }
    };
    const stages: Record<string, Timing> = {};
    const gpuTime: Record<string, number | null> = {};
    const kernels: Record<string, readonly KernelTime[] | null> = {};
    let firstFrame: number | null = null;
    if (measures('stages') || measures('speeds')) {
      onStage('first frame');
      firstFrame = rounded(
        await timeOf(async () => {
          await frame(1);
        }),
      );
    }
    if (measures('stages')) {
      const output = scope.own(compute.empty([2, ...noise.dims.slice(1)], compute.modelType));
      const state = {
        latents: scope.own(compute.empty(noise.dims, 'float32')),
        previousX0: scope.own(compute.empty(noise.dims, 'float32')),
        modelInput: scope.own(compute.empty(noise.dims, compute.modelType)),
      };
      const step = { x0FromSample: 1, x0FromOutput: -1, sampleWeight: 0.5, x0Weight: 0.5, previousWeight: 0 };
      const decoded = scope.own(await pipeline.decode(noise));
      const onDevice: Readonly<Record<string, () => Promise<readonly DeviceTensor[]>>> = {
        'image encoder': async () => [await pipeline.encode(picture)],
        guidance: () => Promise.resolve(Object.values(pipeline.guide(embeds, terms))),
        noise: () => Promise.resolve([makeNoise()]),
        'UNet, guided': async () => [await pipeline.predict(noise, 500, embeds, 2)],
        'UNet, one row': async () => [await pipeline.predict(noise, 500, embeds)],
        'scheduler step': () => {
          compute.dpmSolverStep(step, guidanceScale, output, state);
          return Promise.resolve([]);
        },
        decoder: async () => [await pipeline.decode(noise)],
      };
      for (const [name, start] of Object.entries(onDevice)) {
        const once = () => finished(compute, start);
        onStage(name);
        stages[name] = await measure(rounds, once);
        if (!timer) continue;
        await timer.take();
        await once();
        gpuTime[name] = rounded(await timer.take());
      }
      onStage('read-back and files');
      stages['read-back'] = await measure(rounds, async () => {
        await pipeline.read(decoded);
      });
      const {
        pictures: [shown],
      } = await pipeline.read(decoded);
      if (!shown) throw new RangeError('a frame has a picture');
      stages['PNG'] = await measure(rounds, () => {
        encodePng(shown);
        return Promise.resolve();
      });
      Object.assign(stages, await fileStages(shown, rounds));
      for (const name of profiler ? profiled : []) {
        const start = onDevice[name];
        if (start) kernels[name] = (await profiler?.profile(() => finished(compute, start))) ?? null;
      }
    }
    const compares = second !== null && measures('second');
    if (compares) onStage('UNet, in turn with the second');
    const comparison = compares
      ? await compareUnets(backend, pipeline, second, { noise, embeds, rounds }, work)
      : null;
    const speeds: Record<Speed, number[]> = { exact: [], fast: [], fastest: [] };
    let ofFrame: GpuWork | null = null;
    for (let round = 0; measures('speeds') && round < rounds; round++) {
      for (const speed of speedSchema.options) {
        onStage(`whole frames, ${round + 1} of ${rounds}: ${speed}`);
        work?.take();
        speeds[speed].push(
          await timeOf(async () => {
            await frame(stepsComputed({ speed, steps }));
          }),
        );
        if (speed === 'exact') ofFrame = work?.take() ?? null;
      }
    }
    const bySpeed = measures('speeds')
      ? { exact: timingOf(speeds.exact), fast: timingOf(speeds.fast), fastest: timingOf(speeds.fastest) }
      : null;
    const whole = bySpeed?.exact ?? null;
    const medianOf = (name: string) => stages[name]?.median ?? NaN;
    const between =
      medianOf('guidance') + medianOf('noise') + steps * medianOf('scheduler step') + medianOf('read-back');
    return {
      'loading, ms': loading,
      'first frame, ms': firstFrame,
      'stages, ms': { ...stages, ...(whole && { 'whole frame': whole }) },
      'GPU time, ms': timer && measures('stages') ? gpuTime : null,
      'stages between networks, part of a frame':
        whole && measures('stages') ? Number((between / whole.median).toFixed(4)) : null,
      'whole frames by Speed, in turn, ms': bySpeed,
      'frame by the second UNet, ratio by Speed':
        bySpeed && comparison ? ratiosBySpeed(bySpeed, comparison, steps) : null,
      ...(comparison ? { 'UNet, guided, in turn with the second': comparison } : {}),
      ...(profiler ? { 'kernels by GPU time': kernels } : {}),
      'of a frame': ofFrame,
    };
  } finally {
    scope.dispose();
    await pipeline.release();
  }
}

/** Runs an operation to its end on the device, and frees its results. */
async function finished(compute: Compute, start: () => Promise<readonly DeviceTensor[]>): Promise<void> {
  const results = await start();
  await compute.idle();
  for (const result of results) result.dispose();
}

/** Loads the networks. Returns the milliseconds of each. */
async function load(pipeline: Pipeline, size: number, onStage: OnStage): Promise<Record<string, number>> {
  const loading: Record<string, number> = {};
  let [current, since] = ['', performance.now()];
  const finish = () => {
    if (current !== '') loading[current] = rounded(performance.now() - since);
  };
  await pipeline.prepare(size, size, {
    onNetwork: (name) => {
      finish();
      if (name !== '') onStage(`loading ${name}`);
      [current, since] = [name, performance.now()];
    },
  });
  finish();
  return loading;
}

/** Duration of an exact frame by the second UNet, relative to the frames of each Speed. */
function ratiosBySpeed(
  frames: Readonly<Record<Speed, Timing>>,
  { done: { compiled, second } }: UnetComparison,
  steps: number,
): Record<Speed, number> {
  const frame = frames.exact.median + steps * (second.median - compiled.median);
  const relativeTo = ({ median }: Timing) => Number((frame / median).toFixed(3));
  return {
    exact: relativeTo(frames.exact),
    fast: relativeTo(frames.fast),
    fastest: relativeTo(frames.fastest),
  };
}

function rounded(value: number): number;
function rounded(value: number | null): number | null;
function rounded(value: number | null): number | null {
  return value === null ? null : Number(value.toFixed(1));
}

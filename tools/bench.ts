import { parseArgs } from 'node:util';
import type { DeviceTensor } from '../src/compute/index.ts';
import { Pipeline, Scope } from '../src/diffusion/index.ts';
import { encodePng } from '../src/formats/index.ts';
import { createModel } from '../src/models/index.ts';
import { meterGpuWork } from './bench/gpu-work.ts';
import { compareUnets } from './bench/second-unet.ts';
import { measure } from './bench/timing.ts';
import { openCheckpointFolder } from './checkpoint-folder.ts';
import { openNodeBackend } from './node-runtime.ts';

const usage = `Usage: npm run bench -- [--backend webgpu|cpu] [--checkpoint DIR] [--size PIXELS] [--clip PIXELS]
  [--steps N] [--rounds N] [--sums float32|float16] [--second FILE.onnx]

Times the loading of each network, the first frame, every stage of a frame and whole frames, and counts what a frame asks
of the GPU. Prints a table, then JSON: median, best and worst of N rounds (default 5), in milliseconds. --clip is the side
of the image encoder's pictures. --second times a UNet of the same weights, exported by tools/bench/export_unet.py, in
turn with the compiled one. Compare only figures of one run: machines are noisy, and a software GPU says nothing
about how fast a real one is.`;

/** Entry point of the benchmark. See `usage`. */
export async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      backend: { type: 'string', default: 'webgpu' },
      checkpoint: { type: 'string', default: 'tests/golden/shapes/checkpoint' },
      size: { type: 'string', default: '128' },
      clip: { type: 'string' },
      steps: { type: 'string', default: '10' },
      rounds: { type: 'string', default: '5' },
      sums: { type: 'string', default: 'float32' },
      second: { type: 'string' },
    },
  });
  const [size, steps, rounds] = [Number(values.size), Number(values.steps), Number(values.rounds)];
  const { backend: kind, sums } = values;
  const known = (kind === 'webgpu' || kind === 'cpu') && (sums === 'float32' || sums === 'float16');
  if (!known || !(size >= 64) || !(steps >= 1) || !(rounds >= 1)) {
    console.error(usage);
    return 2;
  }
  const backend = await openNodeBackend(kind, { sums });
  if ('reason' in backend) {
    console.error(`The GPU cannot be used here: ${backend.reason}.`);
    return 3;
  }
  const { compute, runtime, target, description } = backend;
  const checkpoint = await openCheckpointFolder(values.checkpoint);
  const { imageEncoder } = checkpoint.parts;
  const clip = values.clip === undefined ? imageEncoder.size : Number(values.clip);
  const model = createModel({ ...checkpoint.parts, imageEncoder: { ...imageEncoder, size: clip } }, target);
  const pipeline = new Pipeline(compute, runtime, model);
  const meter = kind === 'webgpu' ? meterGpuWork() : null;
  const scope = new Scope();
  try {
    const loading: Record<string, number> = {};
    let [current, since] = ['', performance.now()];
    await pipeline.prepare(size, size, {
      onNetwork: (name) => {
        if (current !== '') loading[current] = rounded(performance.now() - since);
        [current, since] = [name, performance.now()];
      },
    });

    const picture = scope.own(compute.empty([size, size, 4], 'uint8'));
    const text = scope.own(compute.empty([2, model.embeddingWidth], 'float32'));
    const terms = { text, positives: 1, negatives: 1, positiveScale: 30, negativeScale: 30, repeats: 10 };
    const embeds = scope.own(await pipeline.encode(picture));
    const makeNoise = () => pipeline.noise([{ seed: 1, frame: 0, variant: 0 }], size, size);
    const noise = scope.own(makeNoise());
    const guidanceScale = 4;
    const frame = async () => {
      const made = new Scope();
      try {
        const start = made.own(await pipeline.encode(picture));
        const { shifted, report } = pipeline.guide(start, terms);
        made.own(report);
        const fresh = made.own(makeNoise());
        const run = { embeds: made.own(shifted), noise: fresh, steps, guidanceScale };
        const latents = made.own(await pipeline.denoise(run));
        const decoded = made.own(await pipeline.decode(latents));
        return await pipeline.read(decoded, [report]);
      } finally {
        made.dispose();
      }
    };
    const began = performance.now();
    const { pictures } = await frame();
    const firstFrame = rounded(performance.now() - began);
    const [shown] = pictures;
    if (!shown) throw new RangeError('a frame has a picture');

    const time = (work: () => Promise<readonly DeviceTensor[]> | readonly DeviceTensor[]) =>
      measure(rounds, async () => {
        const results = await work();
        await compute.idle();
        for (const result of results) result.dispose();
      });
    const rows = (count: number) => {
      const output = scope.own(compute.empty([count, ...noise.dims.slice(1)], compute.modelType));
      const latents = scope.own(compute.empty(noise.dims, 'float32'));
      const previousX0 = scope.own(compute.empty(noise.dims, 'float32'));
      const modelInput = scope.own(compute.empty(noise.dims, compute.modelType));
      return { output, state: { latents, previousX0, modelInput } };
    };
    const { output, state } = rows(2);
    const step = { x0FromSample: 1, x0FromOutput: -1, sampleWeight: 0.5, x0Weight: 0.5, previousWeight: 0 };
    const decoded = scope.own(await pipeline.decode(noise));
    const stages = {
      'image encoder': await time(async () => [await pipeline.encode(picture)]),
      guidance: await time(() => Object.values(pipeline.guide(embeds, terms))),
      noise: await time(() => [makeNoise()]),
      'UNet, guided': await time(async () => [await pipeline.predict(noise, 500, embeds, 2)]),
      'UNet, one row': await time(async () => [await pipeline.predict(noise, 500, embeds)]),
      'scheduler step': await time(() => {
        compute.dpmSolverStep(step, guidanceScale, output, state);
        return [];
      }),
      decoder: await time(async () => [await pipeline.decode(noise)]),
      'read-back': await measure(rounds, async () => {
        await pipeline.read(decoded);
      }),
      PNG: await measure(rounds, () => {
        encodePng(shown);
        return Promise.resolve();
      }),
    };
    const second =
      values.second === undefined
        ? null
        : await compareUnets(backend, pipeline, values.second, { noise, embeds, rounds });
    meter?.take();
    await frame();
    const work = meter?.take() ?? null;
    const whole = await measure(rounds, async () => {
      await frame();
    });
    const between =
      stages.guidance.median +
      stages.noise.median +
      steps * stages['scheduler step'].median +
      stages['read-back'].median;
    const peaks = {
      'process, MB': rounded(process.resourceUsage().maxRSS / 1000),
      ...(meter ? { 'GPU buffers, MB': rounded(meter.peakBytes / 1e6) } : {}),
    };
    const report = {
      device: description,
      size,
      steps,
      rounds,
      sums,
      'loading, ms': loading,
      'first frame, ms': firstFrame,
      'stages, ms': { ...stages, 'whole frame': whole },
      'stages between networks, part of a frame': Number((between / whole.median).toFixed(4)),
      ...(second ? { 'UNet, guided, in turn with the second': second } : {}),
      'of a frame': work,
      peaks,
    };
    console.log(`# ${description}, ${size}×${size}, ${steps} steps`);
    console.table(report['stages, ms']);
    console.log(JSON.stringify(report, null, 2));
    return 0;
  } finally {
    scope.dispose();
    await pipeline.release();
    meter?.end();
    backend.dispose();
    await checkpoint.close();
  }
}

const rounded = (value: number) => Number(value.toFixed(1));

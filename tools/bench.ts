import { parseArgs } from 'node:util';
import { float32ToFloat16 } from '../src/base/index.ts';
import type { DeviceTensor } from '../src/compute/index.ts';
import { Pipeline, Scope } from '../src/diffusion/index.ts';
import { createModel } from '../src/models/index.ts';
import { openCheckpointFolder } from './checkpoint-folder.ts';
import { openNodeBackend } from './node-runtime.ts';

const usage = `Usage: npm run bench -- [--backend webgpu|cpu] [--checkpoint DIR] [--size PIXELS] [--rounds N]

Times the stages of a frame and prints them as JSON, in milliseconds: median, best and worst of N rounds (default 9).
Compare only figures of one run: machines are noisy, and a software GPU says nothing about a real one.`;

interface Timing {
  readonly median: number;
  readonly best: number;
  readonly worst: number;
}

/** The benchmark command. See `usage`. */
export async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      backend: { type: 'string', default: 'webgpu' },
      checkpoint: { type: 'string', default: 'tests/golden/shapes/checkpoint' },
      size: { type: 'string', default: '128' },
      rounds: { type: 'string', default: '9' },
    },
  });
  const [size, rounds] = [Number(values.size), Number(values.rounds)];
  const { backend: kind } = values;
  if ((kind !== 'webgpu' && kind !== 'cpu') || !(size >= 64) || !(rounds >= 1)) {
    console.error(usage);
    return 2;
  }
  const backend = await openNodeBackend(kind);
  if ('reason' in backend) {
    console.error(`The GPU cannot be used here: ${backend.reason}.`);
    return 3;
  }
  const { compute, runtime, target, description } = backend;
  const checkpoint = await openCheckpointFolder(values.checkpoint);
  const model = createModel(checkpoint.parts, target);
  const pipeline = new Pipeline(compute, runtime, model);
  const scope = new Scope();
  try {
    const picture = scope.own(compute.empty([size, size, 4], 'uint8'));
    const latentSize = pipeline.latentSize(size, size);
    const sample = (rows: number) =>
      scope.own(
        compute.empty([rows, model.latentChannels, latentSize.height, latentSize.width], compute.modelType),
      );
    const embeds = (rows: number) => scope.own(compute.empty([rows, model.embeddingWidth], 'float32'));
    const [one, two] = [sample(1), sample(2)];
    const [oneEmbed, twoEmbeds] = [embeds(1), embeds(2)];

    const time = (work: () => Promise<DeviceTensor>) =>
      measure(rounds, async () => {
        const result = await work();
        await compute.idle();
        result.dispose();
      });
    const stages = {
      encode: await time(() => pipeline.encode(picture)),
      'UNet, batch of 1': await time(() => pipeline.predict(one, 500, oneEmbed)),
      'UNet, batch of 2': await time(() => pipeline.predict(two, 500, twoEmbeds)),
      decode: await time(() => pipeline.decode(one)),
    };
    const weights = new Float32Array(2 ** 24).fill(0.1);
    const narrowing = await measure(rounds, () => {
      float32ToFloat16(weights);
      return Promise.resolve();
    });
    const megabytes = weights.byteLength / 1e6;
    console.log(
      JSON.stringify(
        { device: description, size, rounds, stages, 'float16, MB/s': (1000 * megabytes) / narrowing.median },
        null,
        2,
      ),
    );
    return 0;
  } finally {
    scope.dispose();
    await pipeline.release();
    backend.dispose();
    await checkpoint.close();
  }
}

/** The first round is not counted: it compiles shaders and fills caches. */
async function measure(rounds: number, work: () => Promise<void>): Promise<Timing> {
  await work();
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const began = performance.now();
    await work();
    times.push(performance.now() - began);
  }
  times.sort((a, b) => a - b);
  const at = (index: number) => Number((times[index] ?? NaN).toFixed(1));
  return { median: at(Math.floor(rounds / 2)), best: at(0), worst: at(rounds - 1) };
}

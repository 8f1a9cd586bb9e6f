import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ModelError, SettingsError, isAbort } from '../../../src/base/index.ts';
import { createCpuCompute } from '../../../src/compute/index.ts';
import type { Compute, DeviceTensor } from '../../../src/compute/index.ts';
import { Pipeline, createSchedule } from '../../../src/diffusion/index.ts';
import { createModel, targetFor } from '../../../src/models/index.ts';
import { openCpuRuntime } from '../../support/cpu-runtime.ts';
import { failure } from '../../support/failure.ts';
import { targetWithin } from '../../support/kernels.ts';
import { randomValues } from '../../support/reference/parameters.ts';
import { embeddingWidth, tinyModelParts } from '../../support/tiny-model.ts';
import { WatchedRuntime } from '../../support/watched-runtime.ts';
import { noisePicture, relativeError, values } from '../compute/support.ts';

const ort = await openCpuRuntime();
const parts = await tinyModelParts();
const model = createModel(parts, targetFor('float32', false));

let runtime: WatchedRuntime;
let compute: Compute;
let pipeline: Pipeline;

beforeEach(() => {
  runtime = new WatchedRuntime(ort);
  compute = createCpuCompute();
  pipeline = new Pipeline(compute, runtime, model);
});

afterEach(async () => {
  await pipeline.release();
  expect(ort.liveSessions).toBe(0);
});

const latentDims = (batch: number) => [batch, 4, 4, 6];
const noiseOf = (seed: number, batch = 1) =>
  compute.upload(randomValues(seed, batch * 96), latentDims(batch));
const embedsOf = (seed: number, batch = 1) =>
  compute.upload(randomValues(seed, batch * embeddingWidth), [batch, embeddingWidth]);
const picture = await noisePicture(1, 10, 14);

async function denoised(
  options: Partial<Parameters<Pipeline['denoise']>[0]> = {},
): Promise<{ dims: readonly number[]; data: number[] }> {
  const latents = await pipeline.denoise({
    embeds: embedsOf(1),
    noise: noiseOf(2),
    steps: 3,
    guidanceScale: 4,
    ...options,
  });
  return { dims: latents.dims, data: await values(compute, latents) };
}

describe('denoise', () => {
  it('with one step is one evaluation with classifier-free guidance', async () => {
    const sample = noiseOf(2);
    const unconditional = compute.empty([1, embeddingWidth], 'float32');
    const { timesteps, steps } = createSchedule(model.schedule, 1);
    const evaluate = async (embeds: DeviceTensor) =>
      values(compute, await pipeline.predict(sample, timesteps[0] ?? 0, embeds));
    const [u, c] = [await evaluate(unconditional), await evaluate(embedsOf(1))];
    const [step] = steps;
    const expected = (await values(compute, sample)).map((x, i) => {
      const output = (u[i] ?? 0) + 4 * ((c[i] ?? 0) - (u[i] ?? 0));
      return (step?.x0FromSample ?? 0) * x + (step?.x0FromOutput ?? 0) * output;
    });
    const { dims, data } = await denoised({ steps: 1 });
    expect(dims).toEqual(latentDims(1));
    expect(relativeError(data, expected)).toBeLessThan(1e-5);
  });

  it.each([
    [4, 2],
    [1.01, 2],
    [1, 1],
    [0, 1],
  ])('with guidance scale %d evaluates %d rows', async (guidanceScale, rows) => {
    const seen: unknown[] = [];
    runtime.onRun = (name, { sample, context }) => {
      if (name === 'UNet') seen.push([sample?.dims[0], context?.dims[0]]);
    };
    await denoised({ guidanceScale });
    // Both halves get the same latents, which are passed once.
    expect(seen).toEqual([1, 2, 3].map(() => [1, rows]));
    expect(runtime.count('context')).toBe(1);
  });

  it('with both halves in one batch equals each half alone', async () => {
    const [sample, embeds] = [noiseOf(2, 2), embedsOf(1, 2)];
    const zeros = compute.empty([2, embeddingWidth], 'float32');
    const evaluated = async (...given: Parameters<Pipeline['predict']>) =>
      values(compute, await pipeline.predict(...given));
    const alone = [...(await evaluated(sample, 421, zeros)), ...(await evaluated(sample, 421, embeds))];
    expect(relativeError(await evaluated(sample, 421, embeds, 2), alone)).toBeLessThan(1e-5);
  });

  it('can skip the unconditional half at some steps and reuse its guidance', async () => {
    const seen: unknown[] = [];
    runtime.onRun = (name, { context }) => {
      if (name === 'UNet') seen.push(context?.dims[0]);
    };
    const exact = await denoised({ steps: 4 });
    seen.length = 0;
    const kept = await denoised({ steps: 4, fewer: { keptGuidance: { from: 0.5, every: 2 } } });
    expect(seen).toEqual([2, 2, 1, 2]);
    const none = await denoised({ steps: 4, fewer: { guidanceInterval: { low: 3, high: 100 } } });
    const error = (found: typeof exact) => relativeError(found.data, exact.data);
    expect(error(kept)).toBeGreaterThan(0);
    // Reused guidance is closer to the original than no guidance.
    expect(error(kept)).toBeLessThan(error(none));
  });

  it('does not depend on the other rows of the batch', async () => {
    const together = await denoised({ embeds: embedsOf(1, 3), noise: noiseOf(2, 3) });
    expect(together.dims).toEqual(latentDims(3));
    const [allEmbeds, allNoise] = [randomValues(1, 3 * embeddingWidth), randomValues(2, 3 * 96)];
    for (const row of [0, 1, 2]) {
      const alone = await denoised({
        embeds: compute.upload(allEmbeds.slice(row * embeddingWidth, (row + 1) * embeddingWidth), [
          1,
          embeddingWidth,
        ]),
        noise: compute.upload(allNoise.slice(row * 96, (row + 1) * 96), latentDims(1)),
      });
      expect(relativeError(together.data.slice(row * 96, (row + 1) * 96), alone.data)).toBeLessThan(1e-4);
    }
  });

  it('does not modify its inputs, and is deterministic', async () => {
    const [embeds, noise] = [embedsOf(1), noiseOf(2)];
    const before = [await values(compute, embeds), await values(compute, noise)];
    const first = await denoised({ embeds, noise });
    expect([await values(compute, embeds), await values(compute, noise)]).toEqual(before);
    expect(await denoised({ embeds, noise })).toEqual(first);
    expect((await denoised({ embeds: embedsOf(5), noise })).data).not.toEqual(first.data);
  });

  it('reports every finished step and passes on its latents', async () => {
    const reported: number[][] = [];
    const shown: (readonly number[])[] = [];
    await denoised({
      steps: 4,
      onStep: (...step) => {
        reported.push(step);
      },
      onLatents: ({ dims }) => {
        shown.push(dims);
      },
    });
    expect(reported).toEqual([1, 2, 3, 4].map((step) => [step, 4]));
    expect(shown).toEqual(Array.from({ length: 4 }, () => latentDims(1)));
  });

  it('rejects a number of embeddings other than the number of pictures', async () => {
    await expect(denoised({ embeds: embedsOf(1), noise: noiseOf(2, 2) })).rejects.toThrow(
      '1 embeddings for 2 pictures',
    );
  });

  it('with an invalid number of steps loads no network', async () => {
    await expect(denoised({ steps: 0 })).rejects.toBeInstanceOf(SettingsError);
    expect(runtime.created).toEqual([]);
  });

  it.each([1, 2, 3])('aborted after step %d computes at most one more', async (last) => {
    const stop = new AbortController();
    const run = denoised({
      steps: 8,
      signal: stop.signal,
      onStep: (step) => {
        if (step === last) stop.abort();
      },
    });
    await expect(run).rejects.toSatisfy(isAbort);
    expect(runtime.count('UNet')).toBeLessThanOrEqual(last + 1);
  });

  it('aborted from another task stops between two steps', async () => {
    const stop = new AbortController();
    runtime.onRun = (name) => {
      // In a separate task, like a message from the page.
      if (name === 'UNet' && runtime.count('UNet') === 2) {
        setTimeout(() => {
          stop.abort();
        });
      }
    };
    await expect(denoised({ steps: 50, signal: stop.signal })).rejects.toSatisfy(isAbort);
    expect(runtime.count('UNet')).toBeLessThan(10);
  });
});

describe('a network that fails', () => {
  const stages: Record<string, () => Promise<unknown>> = {
    encode: async () => {
      const input = compute.uploadPicture(picture);
      try {
        return await pipeline.encode(input);
      } finally {
        input.dispose();
      }
    },
    denoise: async () => {
      const [embeds, noise] = [embedsOf(1), noiseOf(2)];
      try {
        return await pipeline.denoise({ embeds, noise, steps: 3, guidanceScale: 4 });
      } finally {
        embeds.dispose();
        noise.dispose();
      }
    },
    predict: async () => {
      const [embeds, sample] = [embedsOf(1), noiseOf(2)];
      try {
        return await pipeline.predict(sample, 500, embeds);
      } finally {
        embeds.dispose();
        sample.dispose();
      }
    },
    decode: async () => {
      const latents = noiseOf(2);
      try {
        return await pipeline.decode(latents);
      } finally {
        latents.dispose();
      }
    },
  };
  it.each([
    ['encode', 'image encoder', 1],
    ['denoise', 'context', 1],
    ['denoise', 'UNet', 1],
    ['denoise', 'UNet', 3],
    ['predict', 'context', 1],
    ['predict', 'UNet', 1],
    ['decode', 'decoder', 1],
  ])('frees all tensors, and the next call succeeds: %s, %s, run %d', async (stage, network, nth) => {
    runtime.onRun = (name) => {
      if (name === network && runtime.count(name) === nth) throw new Error('device lost');
    };
    await expect(stages[stage]?.()).rejects.toThrow('device lost');
    expect(compute.liveTensors).toBe(0);
    // An operation that failed may succeed later, and its result belongs to the caller.
    runtime.onRun = () => undefined;
    await stages[stage]?.();
    expect(compute.liveTensors, 'only the result is alive').toBe(1);
  });
});

describe('prepare', () => {
  const order = ['UNet', 'decoder', 'image encoder', 'context'];

  it('loads every network, the largest first, and reports progress', async () => {
    const reported: unknown[][] = [];
    await pipeline.prepare(12, 8, {
      onNetwork: (...progress) => {
        reported.push(progress);
      },
    });
    expect(runtime.created).toEqual(order);
    expect(reported).toEqual([...order.map((name, index) => [name, index, 4]), ['', 4, 4]]);
    await denoised();
    expect(runtime.created).toEqual(order);
  });

  it('with warmUp runs every network once, so that the first frame does not wait for shaders', async () => {
    const reported: string[] = [];
    await pipeline.prepare(12, 8, { warmUp: true, onNetwork: (name) => reported.push(name) });
    expect(reported).toEqual([...order, 'shaders', '']);
    expect(runtime.runs).toEqual(['context', 'UNet', 'decoder', 'image encoder']);
    expect(compute.liveTensors).toBe(0);
  });

  it('aborts between warm-up runs and frees all tensors', async () => {
    const stop = new AbortController();
    runtime.onRun = (name) => {
      if (name === 'decoder') stop.abort();
    };
    await expect(pipeline.prepare(12, 8, { warmUp: true, signal: stop.signal })).rejects.toSatisfy(isAbort);
    expect(runtime.runs).not.toContain('image encoder');
    expect(compute.liveTensors).toBe(0);
  });

  it('aborted loads no further network, and can be called again', async () => {
    const stop = new AbortController();
    runtime.onCreate = (name) => {
      if (name === 'decoder') stop.abort();
    };
    await expect(pipeline.prepare(12, 8, { signal: stop.signal })).rejects.toSatisfy(isAbort);
    expect(runtime.created).toEqual(['UNet']);
    expect(runtime.liveSessions).toBe(1);
    await pipeline.prepare(12, 8);
    expect(runtime.created).toEqual(order);
  });

  it.each([
    [13, 8],
    [12, 7],
    [0, 8],
    [12, -2],
  ])('rejects pictures of %d×%d', async (width, height) => {
    const error = await failure(pipeline.prepare(width, height));
    expect(error).toBeInstanceOf(SettingsError);
    expect(error).toMatchObject({ code: 'size-invalid', details: { width, height, multiple: 2 } });
  });

  it('replaces networks that depend on the picture size', async () => {
    await pipeline.prepare(12, 8);
    await pipeline.prepare(8, 12);
    expect(runtime.created).toEqual([...order, 'UNet', 'decoder']);
    expect(runtime.liveSessions).toBe(4);
  });
});

describe('a pipeline in low memory', () => {
  let saving: Pipeline;
  beforeEach(() => {
    saving = new Pipeline(compute, runtime, model, { lowMemory: true });
  });
  afterEach(() => saving.release());

  it('holds one stage at a time and makes the same picture', async () => {
    const live: number[] = [];
    runtime.onRun = () => live.push(runtime.liveSessions);
    const make = async (maker: Pipeline) => {
      const embeds = await maker.encode(compute.uploadPicture(picture));
      const latents = await maker.denoise({ embeds, noise: noiseOf(2), steps: 2, guidanceScale: 4 });
      return values(compute, await maker.decode(latents));
    };
    const expected = await make(pipeline);
    await pipeline.release();
    live.length = 0;
    expect(await make(saving)).toEqual(expected);
    // Image encoder once; context and UNet twice; decoder once.
    expect(live).toEqual([1, 2, 2, 2, 1]);
    expect(runtime.orphans, 'tensors that outlive the session which allocated them').toBe(0);
  });

  it('can decode between two denoising steps', async () => {
    const steps = saving.denoising({ embeds: embedsOf(1), noise: noiseOf(2), steps: 3, guidanceScale: 4 });
    let latents: DeviceTensor | null = null;
    for await (const { denoised: result } of steps) {
      latents = result;
      await saving.decode(noiseOf(3));
      expect(runtime.liveSessions).toBe(1);
    }
    const undisturbed = await pipeline.denoise({
      embeds: embedsOf(1),
      noise: noiseOf(2),
      steps: 3,
      guidanceScale: 4,
    });
    expect(latents && (await values(compute, latents))).toEqual(await values(compute, undisturbed));
  });

  it('loads every network once in prepare(), and keeps the first that a frame needs', async () => {
    await saving.prepare(12, 8);
    expect(runtime.created).toEqual(['UNet', 'context', 'decoder', 'image encoder']);
    await saving.encode(compute.uploadPicture(picture));
    expect(runtime.created).toHaveLength(4);
  });
});

describe('on a device that is too small', () => {
  const tooSmall = (bytes: number) =>
    new Pipeline(
      compute,
      runtime,
      createModel(parts, targetWithin({ maxBufferSize: bytes, maxStorageBufferBindingSize: bytes })),
    );

  it('nothing is loaded', async () => {
    const error = await failure(tooSmall(1000).prepare(12, 8));
    expect(error).toMatchObject({ code: 'gpu-too-small', details: { available: 1000 } });
    expect(runtime.created).toEqual([]);
  });

  it('a batch can be rejected where a single picture fits', async () => {
    const small = tooSmall(20_000);
    await small.prepare(12, 8);
    const run = small.denoise({ embeds: embedsOf(1, 8), noise: noiseOf(1, 8), steps: 1, guidanceScale: 4 });
    expect((await failure(run)).code).toBe('gpu-too-small');
    await small.release();
  });
});

describe('encode and decode', () => {
  it('give one embedding for a picture of any size, deterministically', async () => {
    const input = compute.uploadPicture(picture);
    const [first, second] = [await pipeline.encode(input), await pipeline.encode(input)];
    expect(first.dims).toEqual([1, embeddingWidth]);
    expect(await values(compute, second)).toEqual(await values(compute, first));
  });

  it('give opaque frames, one for each row of latents', async () => {
    const frames = await pipeline.decode(noiseOf(3, 2));
    expect(frames.dims).toEqual([2, 8, 12, 4]);
    const { pictures } = await pipeline.read(frames);
    expect(pictures.map(({ width, height }) => [width, height])).toEqual([
      [12, 8],
      [12, 8],
    ]);
    const [first, second] = pictures;
    expect(first?.data.filter((_, index) => index % 4 === 3).every((alpha) => alpha === 255)).toBe(true);
    expect(first?.data).not.toEqual(second?.data);
    // Each picture has a buffer of its own, so that it can be transferred.
    expect(first?.data.buffer.byteLength).toBe(4 * 12 * 8);
  });

  it('read other tensors back together with the frames', async () => {
    const frames = await pipeline.decode(noiseOf(3));
    const extra = compute.upload(Float32Array.of(1, 2), [2]);
    const result = await pipeline.read(frames, [extra]);
    expect(result.extra.map((list) => [...list])).toEqual([[1, 2]]);
    await expect(pipeline.read(frames, [extra], AbortSignal.abort())).rejects.toSatisfy(isAbort);
  });

  it('report which input an image encoder lacks', async () => {
    // A context network cannot serve as image encoder.
    const { graph, weights } = await model.context();
    const wrong = new Pipeline(compute, runtime, {
      ...model,
      imageEncoder: () => Promise.resolve({ graph, weights }),
    });
    const error = await failure(wrong.encode(compute.uploadPicture(picture)));
    expect(error).toBeInstanceOf(ModelError);
    expect(error).toMatchObject({
      code: 'port-missing',
      details: { name: 'pixel_values', inputs: 'embeds', outputs: 'context' },
    });
    await wrong.release();
  });
});

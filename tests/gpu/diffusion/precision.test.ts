import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { automatic, makeRound } from '../../../src/animation/index.ts';
import { DeviceError } from '../../../src/base/index.ts';
import { NotFiniteError, Pipeline } from '../../../src/diffusion/index.ts';
import type { NetworkPrecision } from '../../../src/base/index.ts';
import type { FallbackReason } from '../../../src/diffusion/index.ts';
import { createModel } from '../../../src/models/index.ts';
import { defaultSettings } from '../../../src/project/index.ts';
import type { EngineNotice, GenerateEvent, LoadEvent } from '../../../src/protocol/index.ts';
import type { Runtime, Session } from '../../../src/runtime/index.ts';
import type { NodeBackend } from '../../../tools/node-runtime.ts';
import { backendFor } from '../../support/backend.ts';
import { failure } from '../../support/failure.ts';
import { watchGpu } from '../../support/gpu-memory.ts';
import { serveFiles } from '../../support/served-files.ts';
import { tinyModelFiles, tinyModelParts } from '../../support/tiny-model.ts';
import { MemoryModels } from '../../support/install/model-storage.ts';
import { Engine } from '../../../workers/engine.ts';
import { noisePicture } from '../../unit/compute/support.ts';

/** Weights in the range of float16 whose activations are not. */
const tooLarge = { stream: 4000, outlier: 20, gated: 8 };
/** Weights in the range of float16, of which those after a gated product exceed it when they are multiplied by 16. */
const tooLargeGated = { stream: 30_000 };
/** Weights outside the range of float16. */
const tooLargeWeights = { stream: 3e6 };
/** Weights in the range of float32 whose activations are not. */
const tooLargeForAny = { stream: 1e37, outlier: 20 };
const start = await noisePicture(7, 20, 10);
const settings = { ...defaultSettings, frames: 2, steps: 2, width: 16, height: 16, seed: 11 };
const prompts = { text: null, positives: 0, negatives: 0 };
const inFloat32: NetworkPrecision = { unet: 'float32', decoder: 'float32' };

let watch: ReturnType<typeof watchGpu>;
let backend: NodeBackend;
let pipelines: Pipeline[] = [];
/** Precisions reported by `onPrecision`, in order. */
let reported: NetworkPrecision[] = [];
let reasons: FallbackReason[] = [];

beforeAll(async () => {
  watch = watchGpu();
  backend = await backendFor('webgpu');
});

beforeEach(() => {
  pipelines = [];
  reported = [];
  reasons = [];
});

afterEach(async () => {
  for (const pipeline of pipelines) await pipeline.release();
  expect(backend.compute.liveTensors).toBe(0);
  expect(backend.runtime.liveSessions).toBe(0);
});

afterAll(() => {
  backend.dispose();
  watch.end();
});

type Parts = Parameters<typeof tinyModelParts>[0];

async function open(parts: Parts, precision?: NetworkPrecision): Promise<Pipeline> {
  const model = createModel(await tinyModelParts(parts), backend.target);
  const pipeline = new Pipeline(backend.compute, backend.runtime, model, {
    precision,
    onPrecision: (changed, reason) => {
      reported.push(changed);
      reasons.push(reason);
    },
  });
  pipelines.push(pipeline);
  return pipeline;
}

/** A GPU with just enough memory for float16. */
async function openTight(parts: Parts): Promise<Pipeline> {
  const opened = await tinyModelParts(parts);
  const size = { height: settings.height / 2, width: settings.width / 2 };
  for (let available = 0; ;) {
    const limits = { maxBufferSize: available, maxStorageBufferBindingSize: available };
    const model = createModel(opened, { ...backend.target, limits });
    try {
      model.checkLimits('UNet', size, 2);
      model.checkLimits('decoder', size, 1);
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      available = Number(error.details['needed']);
      continue;
    }
    const pipeline = new Pipeline(backend.compute, backend.runtime, model, {
      onPrecision: (changed) => reported.push(changed),
    });
    pipelines.push(pipeline);
    return pipeline;
  }
}

async function frames(pipeline: Pipeline): Promise<Uint8ClampedArray[]> {
  const made: Uint8ClampedArray[] = [];
  const run = automatic(pipeline, { start, firstFrame: 0, settings, prompts });
  for await (const { picture } of run) made.push(picture.data);
  return made;
}

async function candidates(pipeline: Pipeline): Promise<Uint8ClampedArray[]> {
  const made: Uint8ClampedArray[] = [];
  const round = makeRound(
    pipeline,
    { start, frame: 0, roll: 0, batch: 2, settings },
    () => Promise.resolve(prompts),
    { signal: new AbortController().signal, previews: () => false },
  );
  for await (const event of round) if (event.kind === 'candidate') made.push(event.candidate.picture.data);
  return made;
}

describe('a model that overflows float16', () => {
  const cases: [string, Parts, NetworkPrecision][] = [
    ['in the decoder', { decoder: tooLarge }, { unet: 'float16', decoder: 'float32' }],
    ['in both', { unet: tooLarge, decoder: tooLarge }, inFloat32],
  ];

  it.each(cases)(
    '%s makes the frames of float32, and reports the fallback once',
    async (_, parts, precision) => {
      const expected = await frames(await open(parts, precision));
      expect(reported, 'no fallback is reported when the precision is known').toEqual([]);
      const pipeline = await open(parts);
      expect(pipeline.precision).toEqual({ unet: 'float16', decoder: 'float16' });
      const before = watch.readBacks;
      expect(await frames(pipeline)).toEqual(expected);
      expect(reported.at(-1)).toEqual(precision);
      expect(new Set(reasons)).toEqual(new Set(['result']));
      expect(reported).toHaveLength(Object.values(precision).filter((type) => type === 'float32').length);
      // One read per frame, one per failed attempt, and one to check that the UNet's input is finite.
      const looks = precision.unet === 'float32' ? 1 : 0;
      expect(watch.readBacks - before).toBe(settings.frames + reported.length + looks);
      expect(new Set(expected.map(String)).size, 'frames that differ').toBe(settings.frames);
    },
  );

  it('is rejected where the GPU can hold it in float16 only, and stays in float16 for other pictures', async () => {
    const pipeline = await openTight({ unet: tooLarge });
    for (const attempt of ['first', 'second']) {
      const error = await failure(frames(pipeline));
      expect(error, attempt).toBeInstanceOf(DeviceError);
      expect(error).toMatchObject({ code: 'gpu-too-small', details: { network: 'UNet', type: 'float32' } });
    }
    expect(reported, 'a precision that could not be loaded is not reported').toEqual([]);
    expect(pipeline.precision).toEqual({ unet: 'float16', decoder: 'float16' });
  });

  it('makes the candidates of float32 when picking by hand', async () => {
    const parts = { unet: tooLarge, decoder: tooLarge };
    const expected = await candidates(await open(parts, inFloat32));
    expect(expected).toHaveLength(2);
    expect(await candidates(await open(parts))).toEqual(expected);
  });
});

describe('a model with weights outside the range of float16', () => {
  const cases: [string, Parts, NetworkPrecision][] = [
    ['in the UNet', { unet: tooLargeWeights }, { unet: 'float32', decoder: 'float16' }],
    ['in the UNet, once they are scaled', { unet: tooLargeGated }, { unet: 'float32', decoder: 'float16' }],
    ['in the decoder', { decoder: tooLargeWeights }, { unet: 'float16', decoder: 'float32' }],
    ['in both', { unet: tooLargeWeights, decoder: tooLargeWeights }, inFloat32],
  ];

  it.each(cases)('%s is loaded in float32, and reports the fallback once', async (_, parts, precision) => {
    const expected = await frames(await open(parts, precision));
    expect(reported, 'no fallback is reported when the precision is known').toEqual([]);
    const pipeline = await open(parts);
    await pipeline.prepare(settings.width, settings.height);
    expect(pipeline.precision).toEqual(precision);
    expect(reported.at(-1)).toEqual(precision);
    expect(reported).toHaveLength(Object.values(precision).filter((type) => type === 'float32').length);
    expect(new Set(reasons)).toEqual(new Set(['weight']));
    const { liveSessions } = backend.runtime;
    const before = watch.readBacks;
    expect(await frames(pipeline)).toEqual(expected);
    expect(backend.runtime.liveSessions, 'no network was loaded again').toBe(liveSessions);
    expect(watch.readBacks - before, 'no frame was made twice').toBe(settings.frames);
  });

  it('works without prepare(), when picking by hand', async () => {
    const parts = { unet: tooLargeWeights, decoder: tooLargeWeights };
    const expected = await candidates(await open(parts, inFloat32));
    expect(await candidates(await open(parts))).toEqual(expected);
    expect(reported.at(-1)).toEqual(inFloat32);
  });

  it('is rejected where the GPU can hold it in float16 only', async () => {
    const pipeline = await openTight({ unet: tooLargeWeights });
    const error = await failure(pipeline.prepare(settings.width, settings.height));
    expect(error).toBeInstanceOf(DeviceError);
    expect(error).toMatchObject({ code: 'gpu-too-small', details: { network: 'UNet', type: 'float32' } });
    expect(reported).toEqual([]);
  });
});

describe('a model that overflows float32 too', () => {
  it('ends a run with an error that names the network, and can be tried again', async () => {
    const pipeline = await open({ decoder: tooLargeForAny });
    for (const attempt of ['first', 'second']) {
      const error = await failure(frames(pipeline));
      expect(error, attempt).toBeInstanceOf(NotFiniteError);
      expect(error).toMatchObject({ code: 'not-finite', details: { network: 'decoder', type: 'float32' } });
      expect(error.remedy).toMatch(/frames are kept/);
    }
    expect(reported, 'it fell back to float32 once').toEqual([{ unet: 'float16', decoder: 'float32' }]);
  });

  it.each(['UNet', 'decoder'] as const)(
    'from some frame on keeps the frames made before: %s',
    async (network) => {
      let events: GenerateEvent[] = [];
      const made = () => events.filter(({ kind }) => kind === 'frame').length;
      const failingRuntime = withNaNResults(network, () => made() > 0);
      const { engine, load, release } = await engineFor(tinyModelFiles(), failingRuntime);
      await load({});
      const input = { start, firstFrame: 0, settings: { ...settings, frames: 3 }, previews: false };
      const generate = () => engine.generate(input, signal, (event) => events.push(event));
      expect(await failure(generate())).toMatchObject({
        name: 'ModelError',
        code: 'not-finite',
        details: { network, type: 'float32' },
      });
      expect(made()).toBe(1);
      const notices = events.filter(({ kind }) => kind === 'notice');
      expect(notices).toMatchObject([{ code: 'precision' }]);
      const [kept] = events.flatMap((event) => (event.kind === 'frame' ? [event.picture.data] : []));
      expect(new Set(kept).size, 'a picture').toBeGreaterThan(2);
      events = [];
      expect(await failure(generate()), 'the model fails again in the next run').toMatchObject({
        code: 'not-finite',
      });
      await release();
    },
  );
});

describe('the engine', () => {
  it('reports the fallback in one sentence in the run that detected it, and accepts a known precision', async () => {
    const { engine, load, release } = await engineFor(tinyModelFiles({ decoder: tooLarge }));
    const noticesOf = async (precisions: Record<string, NetworkPrecision>): Promise<EngineNotice[]> => {
      const notices = await load(precisions);
      const input = { start, firstFrame: 0, settings, previews: false };
      const { frames: made } = await engine.generate(input, signal, (event) => {
        if (event.kind === 'notice') notices.push(event);
      });
      expect(made).toBe(settings.frames);
      return notices;
    };
    const known: NetworkPrecision = { unet: 'float16', decoder: 'float32' };
    const found = await noticesOf({ 'Another GPU': known });
    expect(found).toMatchObject([{ code: 'precision', precision: known }]);
    expect(found[0]?.message).toMatch(/^[A-Z].*\.$/);
    expect(await noticesOf({ 'This GPU': known })).toEqual([]);
    await release();
  });

  it('reports the fallback in one sentence while loading, when weights cause it', async () => {
    const { load, release } = await engineFor(tinyModelFiles({ unet: tooLargeWeights }));
    const known: NetworkPrecision = { unet: 'float32', decoder: 'float16' };
    const found = await load({});
    expect(found).toMatchObject([{ code: 'precision', precision: known }]);
    expect(found[0]?.message).toMatch(/^[A-Z][^.]*\.$/);
    expect(await load({ 'This GPU': known })).toEqual([]);
    await release();
  });
});

const { signal } = new AbortController();

/** An engine on the backend, and a way to load its one model that returns the notices emitted meanwhile. */
async function engineFor(files: Map<string, Uint8Array<ArrayBuffer>>, runtime = backend.runtime) {
  const server = await serveFiles(files);
  const { compute, target } = backend;
  // An engine keeps its model until it is closed.
  const sessions: Session[] = [];
  const keeping: Runtime = {
    liveSessions: 0,
    createSession: async (...parameters) => {
      const session = await runtime.createSession(...parameters);
      sessions.push(session);
      return session;
    },
  };
  const watched = {
    compute,
    runtime: keeping,
    target,
    device: {
      kind: 'webgpu',
      precision: 'float16',
      name: 'This GPU',
      reason: '',
      software: true,
      limits: null,
    },
    lost: null,
    dispose: () => undefined,
  } as const;
  const engine = new Engine(() => Promise.resolve(watched), new MemoryModels());
  return {
    engine,
    load: async (precisions: Record<string, NetworkPrecision>): Promise<EngineNotice[]> => {
      const notices: EngineNotice[] = [];
      const onNotice = (event: LoadEvent | EngineNotice) => {
        if ('kind' in event) notices.push(event);
      };
      await engine.load({ kind: 'url', url: `${server.url}model.json` }, 'webgpu', signal, onNotice, {
        precisions,
      });
      return notices;
    },
    release: async () => {
      for (const session of sessions) await session.release();
      await server.close();
    },
  };
}

/** The backend's runtime with one network whose outputs are NaN in every number type. */
function withNaNResults(network: 'UNet' | 'decoder', when: () => boolean): Runtime {
  const { compute, runtime } = backend;
  return {
    liveSessions: 0,
    createSession: async (name, model, stop) => {
      const session = await runtime.createSession(name, model, stop);
      if (name !== network) return session;
      return {
        ...session,
        run: async (...parameters) => {
          const results = await session.run(...parameters);
          for (const result of when() ? Object.values(results) : []) {
            const count = result.dims.reduce((product, dim) => product * dim, 1);
            const type = result.type === 'float16' ? 'float16' : 'float32';
            const nothing = compute.upload(new Float32Array(count).fill(NaN), result.dims, type);
            compute.copyRows(nothing, result, 0);
            nothing.dispose();
          }
          return results;
        },
      };
    },
  };
}

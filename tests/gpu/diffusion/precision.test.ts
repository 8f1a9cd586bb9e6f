import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { automatic, makeRound } from '../../../src/animation/index.ts';
import { Pipeline } from '../../../src/diffusion/index.ts';
import type { Precision } from '../../../src/diffusion/index.ts';
import { createModel } from '../../../src/models/index.ts';
import { defaultSettings } from '../../../src/project/index.ts';
import type { EngineNotice } from '../../../src/protocol/index.ts';
import type { Runtime, Session } from '../../../src/runtime/index.ts';
import { openNodeBackend } from '../../../tools/node-runtime.ts';
import type { NodeBackend } from '../../../tools/node-runtime.ts';
import { watchGpu } from '../../support/gpu-memory.ts';
import { serveFiles } from '../../support/served-files.ts';
import { tinyModelFiles, tinyModelParts } from '../../support/tiny-model.ts';
import { MemoryModels } from '../../support/install/model-storage.ts';
import { Engine } from '../../../workers/engine.ts';
import { noisePicture } from '../../unit/compute/support.ts';

/** Weights that float16 holds, with streams that it cannot. */
const tooLarge = { stream: 4000, outlier: 20, gated: 8 };
const start = await noisePicture(7, 20, 10);
const settings = { ...defaultSettings, frames: 2, steps: 2, width: 16, height: 16, seed: 11 };
const prompts = { text: null, positives: 0, negatives: 0 };
const inFloat32: Precision = { unet: 'float32', decoder: 'float32' };

let watch: ReturnType<typeof watchGpu>;
let backend: NodeBackend;
let pipelines: Pipeline[] = [];
/** What became known about the networks, in order. */
let told: Precision[] = [];

beforeAll(async () => {
  watch = watchGpu();
  const opened = await openNodeBackend('webgpu');
  if ('reason' in opened) throw new Error(opened.reason);
  backend = opened;
});

beforeEach(() => {
  pipelines = [];
  told = [];
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

async function open(parts: Parts, precision?: Precision): Promise<Pipeline> {
  const model = createModel(await tinyModelParts(parts), backend.target);
  const pipeline = new Pipeline(backend.compute, backend.runtime, model, {
    precision,
    onPrecision: (changed) => told.push(changed),
  });
  pipelines.push(pipeline);
  return pipeline;
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

describe('a model that leaves the range of float16', () => {
  const cases: [string, Parts, Precision][] = [
    ['in the decoder', { decoder: tooLarge }, { unet: 'float16', decoder: 'float32' }],
    ['in both', { unet: tooLarge, decoder: tooLarge }, inFloat32],
  ];

  it.each(cases)(
    '%s makes the frames that float32 gives, and is told of once',
    async (_, parts, precision) => {
      const expected = await frames(await open(parts, precision));
      expect(told, 'what is known need not be found out').toEqual([]);
      const pipeline = await open(parts);
      expect(pipeline.precision).toEqual({ unet: 'float16', decoder: 'float16' });
      const before = watch.readBacks;
      expect(await frames(pipeline)).toEqual(expected);
      expect(told.at(-1)).toEqual(precision);
      expect(told).toHaveLength(Object.values(precision).filter((type) => type === 'float32').length);
      // One for each frame, and one for each attempt that failed.
      expect(watch.readBacks - before).toBe(settings.frames + told.length);
      expect(new Set(expected.map(String)).size, 'frames that differ').toBe(settings.frames);
    },
  );

  it('gives the same candidates as float32 when one is picked by hand', async () => {
    const parts = { unet: tooLarge, decoder: tooLarge };
    const expected = await candidates(await open(parts, inFloat32));
    expect(expected).toHaveLength(2);
    expect(await candidates(await open(parts))).toEqual(expected);
  });
});

describe('the engine', () => {
  it('tells of it in one sentence in the run that found it out, and can be told beforehand', async () => {
    const server = await serveFiles(tinyModelFiles({ decoder: tooLarge }));
    const { compute, runtime, target } = backend;
    // An engine keeps its model for as long as it lives.
    const sessions: Session[] = [];
    const keeping: Runtime = {
      liveSessions: 0,
      createSession: async (...parameters) => {
        const session = await runtime.createSession(...parameters);
        sessions.push(session);
        return session;
      },
    };
    const machine = {
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
    const engine = new Engine(() => Promise.resolve(machine), new MemoryModels());
    const { signal } = new AbortController();
    const noticesOf = async (precisions: Record<string, Precision>): Promise<EngineNotice[]> => {
      await engine.load({ kind: 'url', url: `${server.url}model.json` }, 'webgpu', signal, () => undefined, {
        precisions,
      });
      const notices: EngineNotice[] = [];
      const input = { start, firstFrame: 0, settings, previews: false };
      const { frames: made } = await engine.generate(input, signal, (event) => {
        if (event.kind === 'notice') notices.push(event);
      });
      expect(made).toBe(settings.frames);
      return notices;
    };
    const known: Precision = { unet: 'float16', decoder: 'float32' };
    const found = await noticesOf({ 'Another GPU': known });
    expect(found).toMatchObject([{ code: 'precision', precision: known }]);
    expect(found[0]?.message).toMatch(/^[A-Z].*\.$/);
    expect(await noticesOf({ 'This GPU': known })).toEqual([]);
    for (const session of sessions) await session.release();
    await server.close();
  });
});

import * as v from 'valibot';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PickSession } from '../../../src/animation/index.ts';
import type { RoundUpdate, RoundInput } from '../../../src/animation/index.ts';
import { DeviceError, ModelError, isAbort } from '../../../src/base/index.ts';
import { defaultSettings, planSmooth } from '../../../src/project/index.ts';
import type { Settings } from '../../../src/project/index.ts';
import type {
  FrameInsight,
  GenerateEvent,
  GenerationProgress,
  LoadEvent,
  LoadedModel,
} from '../../../src/protocol/index.ts';
import { Engine } from '../../../workers/engine.ts';
import type { Backend } from '../../../workers/backend.ts';
import { utf8 } from '../../support/bytes.ts';
import { cpuBackend } from '../../support/cpu-backend.ts';
import { openCpuRuntime } from '../../support/cpu-runtime.ts';
import { failure } from '../../support/failure.ts';
import { MemoryModels } from '../../support/install/model-storage.ts';
import { targetWithin } from '../../support/kernels.ts';
import { LossyGpus } from '../../support/lossy-gpus.ts';
import type { LossyGpu } from '../../support/lossy-gpus.ts';
import { serveFiles } from '../../support/served-files.ts';
import type { ServedFiles } from '../../support/served-files.ts';
import { textTower, tokenizerConfig, tokenizerFile } from '../../support/text-tower.ts';
import { embeddingWidth, tinyModelFiles } from '../../support/tiny-model.ts';
import { WatchedRuntime } from '../../support/watched-runtime.ts';

const neverAborted = new AbortController().signal;
const settings = { ...defaultSettings, width: 64, height: 64, frames: 1, steps: 1 };
const start = { width: 8, height: 8, data: new Uint8ClampedArray(256).fill(200) };

let files: Map<string, Uint8Array<ArrayBuffer>>;
let server: ServedFiles;
/** Models on this device. */
let models: MemoryModels;
/** Opened backends with their choices, in order. */
let backends: { choice: string; runtime: WatchedRuntime; disposed: boolean }[];

beforeEach(async () => {
  files = new Map();
  for (const [path, bytes] of tinyModelFiles()) {
    files.set(`one/${path}`, bytes);
    files.set(`two/${path}`, bytes);
  }
  server = await serveFiles(files);
  backends = [];
  models = new MemoryModels();
});
afterEach(async () => {
  await server.close();
});

async function openBackend(choice: string): Promise<Backend> {
  const opened = { choice, runtime: new WatchedRuntime(await openCpuRuntime()), disposed: false };
  backends.push(opened);
  return cpuBackend(opened.runtime, () => {
    opened.disposed = true;
  });
}

type BackendChoice = Parameters<Engine['load']>[1];

function load(
  engine: Engine,
  model: string,
  choice: BackendChoice = 'cpu',
  signal = neverAborted,
): Promise<LoadedModel> {
  return engine.load(
    { kind: 'url', url: `${server.url}${model}/model.json` },
    choice,
    signal,
    () => undefined,
  );
}

/** Gives a model a text tower instead of its fixed prompts. */
function withTextTower(model: string): void {
  const textEncoder = { model: 'text.onnx', tokenizer: 'words.json', tokenizerConfig: 'words-config.json' };
  changeManifest(model, { fixedPrompts: undefined, textEncoder });
  files.set(`${model}/text.onnx`, textTower(embeddingWidth).graph);
  files.set(`${model}/words.json`, utf8(JSON.stringify(tokenizerFile)));
  files.set(`${model}/words-config.json`, utf8(JSON.stringify(tokenizerConfig)));
}

/** Changes the manifest of a model. */
function changeManifest(model: string, change: Readonly<Record<string, unknown>>): void {
  const path = `${model}/model.json`;
  const manifest = v.parse(
    v.record(v.string(), v.unknown()),
    JSON.parse(new TextDecoder().decode(files.get(path))),
  );
  files.set(path, utf8(JSON.stringify({ ...manifest, ...change })));
}

/** Pixels of a frame by the loaded model. */
async function pictureOf(engine: Engine): Promise<number[]> {
  const pixels: number[] = [];
  const input = { start, firstFrame: 0, settings, previews: false };
  await engine.generate(input, neverAborted, (event) => {
    if (event.kind === 'frame') pixels.push(...event.picture.data);
  });
  return pixels;
}

/** Generates one frame with the loaded model. */
function generate(engine: Engine): Promise<{ frames: number }> {
  return engine.generate({ start, firstFrame: 0, settings, previews: false }, neverAborted, () => undefined);
}

describe("a device that cannot make pictures of the model's own size", () => {
  /** Loads the model for pictures of `size` on a device with this maximum buffer size in bytes. */
  function loadWithin(bytes: number, size: number): Promise<LoadedModel> {
    changeManifest('one', { size, defaults: {} });
    const limits = { maxBufferSize: 2 ** 40, maxStorageBufferBindingSize: bytes };
    const small = async (choice: string) => ({
      ...(await openBackend(choice)),
      target: targetWithin(limits),
    });
    return load(new Engine(small, models), 'one');
  }

  it('gets the largest square that fits as default size, and reports it', async () => {
    // Attention is sliced to fit; everything else at 64 pixels fits into a megabyte, and at 128 does not.
    const model = await loadWithin(1e6, 256);
    expect(model.size).toBe(256);
    expect(model.largestSide).toBe(64);
    expect(model.defaults).toMatchObject({ width: 64, height: 64 });
  });

  it('reports nothing where the size fits', async () => {
    const model = await loadWithin(2 ** 40, 256);
    expect(model.largestSide).toBeNull();
    expect(model.defaults).toMatchObject({ width: 256, height: 256 });
  });

  it('is rejected where no size fits', async () => {
    expect((await failure(loadWithin(1000, 256))).code).toBe('gpu-too-small');
  });
});

describe('a model that cannot be opened', () => {
  it.each<[string, () => void]>([
    ['is not there', () => files.delete('two/model.json')],
    ['lacks a part', () => files.delete('two/vae/weights.safetensors')],
    ['is damaged', () => files.set('two/unet/weights.safetensors', new Uint8Array(100))],
  ])('because it %s leaves the previous one in use', async (_, damage) => {
    const engine = new Engine(openBackend, models);
    await load(engine, 'one');
    damage();
    await expect(load(engine, 'two')).rejects.toThrow();
    expect((await generate(engine)).frames).toBe(1);
    expect(backends).toMatchObject([{ disposed: false }]);
  });

  it('leaves no model in use where there was none', async () => {
    const engine = new Engine(openBackend, models);
    await expect(load(engine, 'none')).rejects.toThrow();
    expect((await failure(generate(engine))).code).toBe('no-model');
    await load(engine, 'one');
    expect((await generate(engine)).frames).toBe(1);
    expect(backends, 'the existing backend is reused').toHaveLength(1);
  });

  it('for lack of a backend can be loaded again', async () => {
    let attempts = 0;
    const engine = new Engine(
      (choice) =>
        attempts++ === 0
          ? Promise.reject(new DeviceError('no-webgpu', 'There is no GPU.', { remedy: 'Wait for one.' }))
          : openBackend(choice),
      models,
    );
    expect((await failure(load(engine, 'one', 'webgpu'))).code).toBe('no-webgpu');
    await load(engine, 'one', 'webgpu');
    expect((await generate(engine)).frames).toBe(1);
  });

  it('on another backend leaves the previous model and its backend in use', async () => {
    const engine = new Engine(
      (choice) =>
        choice === 'webgpu'
          ? Promise.reject(new DeviceError('no-webgpu', 'There is no GPU.', { remedy: 'Buy one.' }))
          : openBackend(choice),
      models,
    );
    await load(engine, 'one', 'cpu');
    expect((await failure(load(engine, 'two', 'webgpu'))).code).toBe('no-webgpu');
    expect((await failure(load(engine, 'none', 'auto'))).code).toBe('not-found');
    expect((await generate(engine)).frames).toBe(1);
    await vi.waitFor(() => {
      expect(backends, 'the new backend is disposed as soon as it is open').toMatchObject([
        { choice: 'cpu', disposed: false },
        { choice: 'auto', disposed: true },
      ]);
    });
  });

  it('because of an abort leaves the previous one in use, even while a backend opens', async () => {
    const stop = new AbortController();
    const engine = new Engine((choice) => {
      if (choice !== 'webgpu') return openBackend(choice);
      stop.abort();
      return new Promise(() => undefined);
    }, models);
    await load(engine, 'one', 'cpu');
    await expect(load(engine, 'two', 'webgpu', stop.signal)).rejects.toSatisfy(isAbort);
    expect((await generate(engine)).frames).toBe(1);
  });
});

describe('a model that is rejected or fails', () => {
  const tooSmall = { maxBufferSize: 2 ** 40, maxStorageBufferBindingSize: 1000 };

  it('because its networks do not fit the GPU leaves the previous one in use', async () => {
    const device = { small: false };
    const engine = new Engine(async (choice) => {
      const backend = await openBackend(choice);
      return device.small ? { ...backend, target: targetWithin(tooSmall) } : backend;
    }, models);
    await load(engine, 'one', 'cpu');
    const runtime = backends[0]?.runtime;
    device.small = true;
    expect((await failure(load(engine, 'two', 'webgpu'))).code).toBe('gpu-too-small');
    expect(runtime?.liveSessions).toBe(4);
    expect((await generate(engine)).frames).toBe(1);
    expect(backends[0]?.disposed).toBe(false);
    await vi.waitFor(() => {
      expect(backends.slice(1).every(({ disposed }) => disposed)).toBe(true);
    });
  });

  it.each(['UNet', 'decoder', 'image encoder', 'context'])(
    'while its %s is loaded leaves the previous one in use, with identical frames',
    async (network) => {
      const engine = new Engine(openBackend, models);
      await load(engine, 'one');
      const before = await pictureOf(engine);
      const runtime = backends[0]?.runtime;
      if (!runtime) throw new Error('no backend was opened');
      runtime.onCreate = (name) => {
        if (name !== network) return;
        runtime.onCreate = () => undefined;
        throw new ModelError('session-failed', 'It does not fit.', { remedy: 'Make room.' });
      };
      expect((await failure(load(engine, 'two'))).code).toBe('session-failed');
      expect(runtime.liveSessions, 'no network of either is on the device').toBe(0);
      expect(await pictureOf(engine)).toEqual(before);
      expect(runtime.liveSessions).toBe(4);
    },
  );

  it('because of an abort while its networks are loaded leaves the previous one in use', async () => {
    const engine = new Engine(openBackend, models);
    await load(engine, 'one');
    const before = await pictureOf(engine);
    const stop = new AbortController();
    const runtime = backends[0]?.runtime;
    if (!runtime) throw new Error('no backend was opened');
    runtime.onCreate = (name) => {
      if (name === 'decoder') stop.abort();
    };
    await expect(load(engine, 'two', 'cpu', stop.signal)).rejects.toSatisfy(isAbort);
    expect(await pictureOf(engine)).toEqual(before);
  });

  it('truncates prompts that are too long, and reports it once', async () => {
    withTextTower('one');
    const engine = new Engine(openBackend, models);
    await load(engine, 'one');
    const long = 'a'.repeat(100);
    const words = { ...settings, positivePrompts: `cat|${long}`, negativePrompts: '' };
    const notices: string[] = [];
    for (let run = 0; run < 2; run++) {
      await engine.generate(
        { start, firstFrame: 0, settings: words, previews: false },
        neverAborted,
        (event) => {
          if (event.kind === 'notice') notices.push(`${event.code}: ${event.message}`);
        },
      );
    }
    expect(notices).toHaveLength(1);
    expect(notices[0]).toMatch(/^prompt: A prompt is longer than this model can read.*“a{40}…”/);
  });

  it.each<[string, (engine: Engine, large: Settings) => Promise<unknown>]>([
    [
      'automatic',
      (engine, large) =>
        engine.generate(
          { start, firstFrame: 0, settings: large, previews: false },
          neverAborted,
          () => undefined,
        ),
    ],
    [
      'smooth',
      (engine, large) => {
        const plan = planSmooth(start, [], large);
        return engine.smooth(
          { plan, last: start, settings: large, previews: false },
          neverAborted,
          () => undefined,
        );
      },
    ],
    [
      'picked by hand',
      (engine, large) => {
        const input: RoundInput = { start, frame: 0, roll: 0, batch: 1, settings: large };
        return engine.round(input, { signal: neverAborted, previews: () => false }).next();
      },
    ],
  ])('rejects a size that the device cannot hold before the first step: %s', async (_, make) => {
    const engine = new Engine(openBackend, models);
    await load(engine, 'one');
    const runtime = backends[0]?.runtime;
    const runs = runtime?.runs.length;
    const making = make(engine, { ...settings, width: 1024, height: 1024 });
    expect((await failure(making)).code).toBe('cpu-too-small');
    expect(runtime?.runs.length).toBe(runs);
    expect((await generate(engine)).frames).toBe(1);
  });
});

describe('a model that replaces another', () => {
  it('loads its networks after the previous ones are released', async () => {
    const engine = new Engine(openBackend, models);
    await load(engine, 'one');
    const runtime = backends[0]?.runtime;
    if (!runtime) throw new Error('no backend was opened');
    const live: number[] = [];
    runtime.onCreate = () => {
      live.push(runtime.liveSessions);
    };
    await load(engine, 'two');
    expect(live).toEqual([0, 1, 2, 3]);
    expect(backends).toHaveLength(1);
  });

  it('on another backend frees the first one', async () => {
    const engine = new Engine(openBackend, models);
    await load(engine, 'one', 'cpu');
    await load(engine, 'two', 'webgpu');
    expect((await generate(engine)).frames).toBe(1);
    expect(backends).toMatchObject([
      { choice: 'cpu', disposed: true, runtime: { liveSessions: 0 } },
      { choice: 'webgpu', disposed: false },
    ]);
  });
});

describe('while a model is loaded', () => {
  it('progress counts all files together, then the networks', async () => {
    const engine = new Engine(openBackend, models);
    const events: LoadEvent[] = [];
    const location = { kind: 'url', url: `${server.url}one/model.json` } as const;
    await engine.load(location, 'cpu', neverAborted, (event) => {
      if ('stage' in event) events.push(event);
    });
    const paths = [
      'unet/weights.safetensors',
      'vae/weights.safetensors',
      'clip/image.onnx',
      'prompts.safetensors',
    ];
    const all = paths.reduce((sum, path) => sum + (files.get(`one/${path}`)?.length ?? 0), 0);
    const downloads = events.filter(({ stage }) => stage === 'download');
    expect(downloads.at(-1)).toEqual({ stage: 'download', part: 'files', done: all, of: all });
    for (const [index, { done }] of downloads.entries()) {
      expect(done).toBeGreaterThan(downloads[index - 1]?.done ?? 0);
    }
    const sessions = events.slice(downloads.length).filter(({ read }) => !read);
    expect(sessions.map(({ stage, done }) => [stage, done])).toEqual(
      [0, 1, 2, 3, 4].map((n) => ['session', n]),
    );
    expect(events.at(-1)).toEqual(sessions.at(-1));
  });

  it('progress tells the bytes of a network that have been read', async () => {
    const engine = new Engine(openBackend, models);
    const events: LoadEvent[] = [];
    const location = { kind: 'url', url: `${server.url}one/model.json` } as const;
    await engine.load(location, 'cpu', neverAborted, (event) => {
      if ('stage' in event) events.push(event);
    });
    const [first] = events.filter(({ read }) => read);
    expect(first).toMatchObject({ stage: 'session', part: 'UNet', done: 0, of: 4 });
    expect(first?.read?.done).toBeGreaterThan(0);
    expect(first?.read?.done).toBeLessThan(first?.read?.of ?? 0);
  });
});

describe('a lost device', () => {
  /** Loses the GPU while a decoder is loaded. */
  function loseAtDecoder({ runtime, lose }: LossyGpu): void {
    runtime.onCreate = (name) => {
      if (name !== 'decoder') return;
      lose();
      throw new ModelError('session-failed', 'It could not be loaded.', { remedy: 'Try again.' });
    };
  }

  const longer = {
    ...settings,
    width: 16,
    height: 16,
    frames: 5,
    steps: 2,
    seed: 3,
    intermediate: 3,
    batchSize: 2,
  };
  let gpus: LossyGpus;
  let engine: Engine;
  beforeEach(async () => {
    gpus = new LossyGpus();
    engine = new Engine(gpus.open, models);
    await load(engine, 'one', 'webgpu');
  });

  /** Makes a run whose device is lost after each of these frames, or during the first (-1). */
  async function run(
    mode: 'automatic' | 'smooth',
    lostAfter: readonly number[],
    change: Partial<Settings> = {},
  ) {
    const frames: { readonly number: number; readonly pixels: number[]; readonly insight: FrameInsight }[] =
      [];
    const notices: string[] = [];
    const progress: GenerationProgress[] = [];
    const wanted = { ...longer, ...change };
    let losses = [...lostAfter];
    const loseAt = (frame: number) => {
      if (!losses.includes(frame)) return;
      losses = losses.filter((other) => other !== frame);
      gpus.opened.at(-1)?.lose();
    };
    const emit = (event: GenerateEvent) => {
      if (event.kind === 'notice') notices.push(event.message);
      if (event.kind === 'progress') {
        progress.push(event.progress);
        if (event.progress.stage === 'denoise') loseAt(event.progress.frame - 1);
      }
      if (event.kind !== 'frame') return;
      frames.push({ number: event.frame, pixels: [...event.picture.data], insight: event.insight });
    };
    const input = { settings: wanted, previews: false };
    if (mode === 'automatic') {
      await engine.generate({ ...input, start, firstFrame: 0 }, neverAborted, emit);
    } else {
      const plan = planSmooth(start, [], wanted);
      await engine.smooth({ ...input, plan, last: start }, neverAborted, emit);
    }
    return { frames, notices, progress };
  }

  it.each([
    ['automatic', {}, [-1, 1, 2, 3]],
    // One frame, then batches of 2 and 1. The device is lost during the first frame, the second and third, and the
    // last.
    ['smooth', { frames: 2, closeLoop: true }, [-1, 0, 2, 8]],
  ] as const)('costs no frame and changes none: %s', async (mode, change, losses) => {
    const expected = await run(mode, [], change);
    expect(expected.notices).toEqual([]);
    const { length } = expected.frames;
    const made = await run(mode, losses, change);
    expect(made.frames).toEqual(expected.frames);
    expect(made.frames.map(({ number }) => number)).toEqual(expected.frames.map((_, index) => index));
    expect(new Set(made.progress.map(({ frames }) => frames))).toEqual(new Set([length]));
    expect(made.notices).toHaveLength(4);
    expect(gpus.opened.map(({ disposed }) => disposed)).toEqual([true, true, true, true, false]);
    expect(gpus.opened.map(({ runtime }) => runtime.liveSessions)).toEqual([0, 0, 0, 0, 4]);
  });

  it('in a round of picking yields each candidate once', async () => {
    const input: RoundInput = { start, frame: 0, roll: 0, batch: 3, settings: longer };
    const watch = { signal: neverAborted, previews: () => false };
    const candidates = async (lostAfter: number) => {
      const all: number[][] = [];
      let notices = 0;
      await engine.withNotices(
        () => notices++,
        async () => {
          for await (const event of engine.round(input, watch)) {
            if (event.kind !== 'candidate') continue;
            all.push([...event.candidate.picture.data]);
            if (event.candidate.index === lostAfter) gpus.opened.at(-1)?.lose();
          }
        },
      );
      return { all, notices };
    };
    const expected = await candidates(-1);
    expect(expected).toMatchObject({ notices: 0, all: { length: 3 } });
    expect(await candidates(1)).toEqual({ ...expected, notices: 1 });
  });

  it('in a speculative round is reported too', async () => {
    const input: RoundInput = { start, frame: 0, roll: 0, batch: 2, settings: longer };
    const stop = new AbortController();
    const session = new PickSession({
      make: (round, watch) => engine.round(round, watch),
      limit: 1e9,
      now: () => performance.now(),
      activity: { speculative: true, lookedAt: null },
      onState: ({ stepsAhead }) => {
        if (stepsAhead === 1 && gpus.opened.length === 1) gpus.opened[0]?.lose();
      },
    });
    const events: RoundUpdate[] = [];
    const notice = new Promise<string>((resolve, reject) => {
      engine
        .withNotices(
          ({ code }) => {
            resolve(code);
          },
          () => session.run(stop.signal),
        )
        .catch(reject);
    });
    await session.want(input, {
      name: 1,
      signal: neverAborted,
      previews: false,
      onEvent: (event) => events.push(event),
    });
    expect(gpus.opened, 'no loss during the requested round').toHaveLength(1);
    expect(await notice).toBe('device');
    expect(gpus.opened).toHaveLength(2);
    stop.abort();
  });

  it('while a model is loaded is replaced and reported', async () => {
    const open = gpus.open;
    engine = new Engine(async () => {
      const backend = await open();
      const opened = gpus.opened.at(-1);
      if (opened && gpus.opened.length === 2) loseAtDecoder(opened);
      return backend;
    }, models);
    const notices: string[] = [];
    const location = { kind: 'url', url: `${server.url}one/model.json` } as const;
    await engine.load(location, 'webgpu', neverAborted, (event) => {
      if ('kind' in event) notices.push(event.code);
    });
    expect(notices).toEqual(['device']);
    expect(gpus.opened.map(({ disposed }) => disposed)).toEqual([false, true, false]);
    expect((await run('automatic', [])).notices).toEqual([]);
    await load(engine, 'two', 'webgpu');
    expect(gpus.opened, 'the new device is kept').toHaveLength(3);
  });

  it('at every attempt to load a model rejects the load; a later load on a stable device succeeds', async () => {
    let loses = true;
    const open = gpus.open;
    engine = new Engine(async () => {
      const backend = await open();
      const opened = gpus.opened.at(-1);
      if (opened && loses) loseAtDecoder(opened);
      return backend;
    }, models);
    expect((await failure(load(engine, 'one', 'webgpu'))).code).toBe('session-failed');
    expect(gpus.opened).toHaveLength(3);
    expect((await failure(run('automatic', []))).code).toBe('no-model');
    loses = false;
    await load(engine, 'one', 'webgpu');
    expect((await run('automatic', [])).notices).toEqual([]);
  });

  it('whose resources cannot be freed is replaced all the same', async () => {
    const [first] = gpus.opened;
    if (!first) throw new Error('no backend was opened');
    first.lose();
    first.runtime.onRelease = () => {
      throw new Error('there is no device');
    };
    // Until the engine has been notified.
    await new Promise(setImmediate);
    await load(engine, 'two', 'webgpu');
    expect((await run('automatic', [])).notices).toEqual([]);
    expect(gpus.opened.map(({ disposed }) => disposed)).toEqual([true, false]);
  });

  it('is replaced by a later run where the first was aborted while waiting for the new device', async () => {
    const stop = new AbortController();
    const expected = await run('automatic', []);
    const open = gpus.open;
    let waits = true;
    engine = new Engine(async () => {
      const backend = await open();
      if (!waits || gpus.opened.length < 3) return backend;
      stop.abort();
      return new Promise(() => undefined);
    }, models);
    await load(engine, 'one', 'webgpu');
    gpus.opened.at(-1)?.lose();
    const input = { settings: longer, previews: false, start, firstFrame: 0 };
    await expect(engine.generate(input, stop.signal, () => undefined)).rejects.toSatisfy(isAbort);
    waits = false;
    const made = await run('automatic', []);
    expect(made.frames).toEqual(expected.frames);
    expect(made.notices).toHaveLength(1);
  });

  it('is not assumed for unrelated errors', async () => {
    const runtime = gpus.opened[0]?.runtime;
    if (!runtime) throw new Error('no backend was opened');
    runtime.onRun = (name) => {
      if (name === 'decoder') throw new DeviceError('run-failed', 'It is too large.', { remedy: 'Cut it.' });
    };
    expect((await failure(run('automatic', []))).message).toBe('It is too large.');
    expect(gpus.opened).toHaveLength(1);
  });

  it.each([
    ['there is no other device', () => (gpus.fails = true)],
    ['the other device would make other frames', () => (gpus.precision = 'float16')],
  ])('rejects the run where %s; later, when there is one, runs succeed', async (_, change) => {
    change();
    expect((await failure(run('automatic', [1]))).code).toBe('run-failed');
    gpus.fails = false;
    gpus.precision = 'float32';
    expect((await run('automatic', [])).notices).toHaveLength(1);
    await vi.waitFor(() => {
      expect(gpus.opened.map(({ disposed }) => disposed)).toEqual(
        gpus.opened.map((each) => each !== gpus.opened.at(-1)),
      );
    });
  });

  it('without a model on it is disposed at once', async () => {
    gpus = new LossyGpus();
    engine = new Engine(gpus.open, models);
    await expect(load(engine, 'none', 'webgpu')).rejects.toThrow();
    await vi.waitFor(() => {
      expect(gpus.opened).toHaveLength(1);
    });
    gpus.opened[0]?.lose();
    await vi.waitFor(() => {
      expect(gpus.opened).toMatchObject([{ disposed: true }]);
    });
    await load(engine, 'one', 'webgpu');
    expect((await run('automatic', [])).notices).toEqual([]);
  });

  it('is replaced when a model is loaded', async () => {
    gpus.opened[0]?.lose();
    // Until the engine has been notified.
    await new Promise(setImmediate);
    await load(engine, 'two', 'webgpu');
    expect((await run('automatic', [])).notices).toEqual([]);
    expect(gpus.opened).toHaveLength(2);
  });

  it('that is lost again in the same frame rejects the run', async () => {
    const lose = gpus.open;
    engine = new Engine(async () => {
      const backend = await lose();
      if (gpus.opened.length > 2) gpus.opened.at(-1)?.lose();
      return backend;
    }, models);
    await load(engine, 'one', 'webgpu');
    expect((await failure(run('automatic', [1]))).code).toBe('run-failed');
    expect(gpus.opened).toHaveLength(3);
  });

  it('does not cost the embeddings of prompts', async () => {
    withTextTower('one');
    await load(engine, 'one', 'webgpu');
    const towers = () =>
      gpus.opened.flatMap(({ runtime }) => runtime.created.filter((name) => name === 'text encoder')).length;
    const words = { positivePrompts: 'cat|dog', negativePrompts: 'fish' };
    const expected = await run('automatic', [], words);
    expect(towers()).toBe(1);
    const made = await run('automatic', [2], words);
    expect(made.frames).toEqual(expected.frames);
    expect(made.notices).toHaveLength(1);
    expect(towers()).toBe(1);
    await run('automatic', [], { ...words, frames: 1, positivePrompts: 'cat|bird' });
    expect(towers()).toBe(2);
  });
});

describe('in low memory', () => {
  it('networks of other stages are released before one is loaded, also for the text tower', async () => {
    withTextTower('one');
    const engine = new Engine(openBackend, models);
    const location = { kind: 'url', url: `${server.url}one/model.json` } as const;
    await engine.load(location, 'cpu', neverAborted, () => undefined, { lowMemory: true });
    const runtime = backends[0]?.runtime;
    if (!runtime) throw new Error('no backend was opened');
    const live: [string, number][] = [];
    runtime.onCreate = (name) => live.push([name, runtime.liveSessions]);
    const saved: number[][] = [];
    const words = { ...settings, positivePrompts: 'cat', negativePrompts: '' };
    await engine.generate(
      { start, firstFrame: 0, settings: words, previews: false },
      neverAborted,
      (event) => {
        if (event.kind === 'frame') saved.push([...event.picture.data]);
      },
    );
    expect(live).toEqual([
      ['text encoder', 0],
      ['image encoder', 0],
      ['UNet', 0],
      ['context', 1],
      ['decoder', 0],
      ['image encoder', 0],
    ]);
    await load(engine, 'one');
    await engine.generate(
      { start, firstFrame: 0, settings: words, previews: false },
      neverAborted,
      (event) => {
        if (event.kind === 'frame') expect([...event.picture.data]).toEqual(saved[0]);
      },
    );
    expect(saved).toHaveLength(1);
  });
});

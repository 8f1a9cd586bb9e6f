import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DeviceError, isAbort } from '../../../src/base/index.ts';
import { createCpuCompute } from '../../../src/compute/index.ts';
import { targetFor } from '../../../src/models/index.ts';
import { defaultSettings } from '../../../src/project/index.ts';
import type { LoadEvent, LoadedModel } from '../../../src/protocol/index.ts';
import { Engine } from '../../../workers/engine.ts';
import type { Machine } from '../../../workers/machine.ts';
import { openCpuRuntime } from '../../support/cpu-runtime.ts';
import { failure } from '../../support/failure.ts';
import { MemoryModels } from '../../support/install/model-storage.ts';
import { serveFiles } from '../../support/served-files.ts';
import type { ServedFiles } from '../../support/served-files.ts';
import { tinyModelFiles } from '../../support/tiny-model.ts';
import { WatchedRuntime } from '../../support/watched-runtime.ts';

const patient = new AbortController().signal;
const settings = { ...defaultSettings, width: 64, height: 64, frames: 1, steps: 1 };
const start = { width: 8, height: 8, data: new Uint8ClampedArray(256).fill(200) };

let files: Map<string, Uint8Array<ArrayBuffer>>;
let server: ServedFiles;
/** What is on this device. */
let models: MemoryModels;
/** The machines that were opened, in order, by what they were opened for. */
let machines: { backend: string; runtime: WatchedRuntime; disposed: boolean }[];

beforeEach(async () => {
  files = new Map();
  for (const [path, bytes] of tinyModelFiles()) {
    files.set(`one/${path}`, bytes);
    files.set(`two/${path}`, bytes);
  }
  server = await serveFiles(files);
  machines = [];
  models = new MemoryModels();
});
afterEach(async () => {
  await server.close();
});

async function openMachine(backend: string): Promise<Machine> {
  const opened = { backend, runtime: new WatchedRuntime(await openCpuRuntime()), disposed: false };
  machines.push(opened);
  return {
    compute: createCpuCompute(),
    runtime: opened.runtime,
    device: {
      kind: 'cpu',
      precision: 'float32',
      name: '',
      reason: '',
      software: false,
      largestBuffer: null,
    },
    target: targetFor('float32', false),
    dispose: () => {
      opened.disposed = true;
    },
  };
}

type Backend = Parameters<Engine['load']>[1];

function load(
  engine: Engine,
  model: string,
  backend: Backend = 'cpu',
  signal = patient,
): Promise<LoadedModel> {
  return engine.load(
    { kind: 'url', url: `${server.url}${model}/model.json` },
    backend,
    signal,
    () => undefined,
  );
}

/** One frame by the model that is loaded. */
function generate(engine: Engine): Promise<{ frames: number }> {
  return engine.generate({ start, firstFrame: 0, settings, previews: false }, patient, () => undefined);
}

describe('a model that cannot be opened', () => {
  it.each<[string, () => void]>([
    ['is not there', () => files.delete('two/model.json')],
    ['lacks a part', () => files.delete('two/vae/weights.safetensors')],
    ['is damaged', () => files.set('two/unet/weights.safetensors', new Uint8Array(100))],
  ])('because it %s leaves the one before in use', async (_, damage) => {
    const engine = new Engine(openMachine, models);
    await load(engine, 'one');
    damage();
    await expect(load(engine, 'two')).rejects.toThrow();
    expect((await generate(engine)).frames).toBe(1);
    expect(machines).toMatchObject([{ disposed: false }]);
  });

  it('leaves no model in use where there was none', async () => {
    const engine = new Engine(openMachine, models);
    await expect(load(engine, 'none')).rejects.toThrow();
    expect((await failure(generate(engine))).code).toBe('no-model');
    await load(engine, 'one');
    expect((await generate(engine)).frames).toBe(1);
    expect(machines, 'the machine that was there already').toHaveLength(1);
  });

  it('for want of a machine can be tried again', async () => {
    let attempts = 0;
    const engine = new Engine(
      (backend) =>
        attempts++ === 0
          ? Promise.reject(new DeviceError('no-webgpu', 'There is no GPU.', { remedy: 'Wait for one.' }))
          : openMachine(backend),
      models,
    );
    expect((await failure(load(engine, 'one', 'webgpu'))).code).toBe('no-webgpu');
    await load(engine, 'one', 'webgpu');
    expect((await generate(engine)).frames).toBe(1);
  });

  it('on another machine costs neither the model nor its machine', async () => {
    const engine = new Engine(
      (backend) =>
        backend === 'webgpu'
          ? Promise.reject(new DeviceError('no-webgpu', 'There is no GPU.', { remedy: 'Buy one.' }))
          : openMachine(backend),
      models,
    );
    await load(engine, 'one', 'cpu');
    expect((await failure(load(engine, 'two', 'webgpu'))).code).toBe('no-webgpu');
    expect((await failure(load(engine, 'none', 'auto'))).code).toBe('not-found');
    expect((await generate(engine)).frames).toBe(1);
    await vi.waitFor(() => {
      expect(machines, 'the new one goes as soon as it is open').toMatchObject([
        { backend: 'cpu', disposed: false },
        { backend: 'auto', disposed: true },
      ]);
    });
  });

  it('because it was stopped leaves the one before in use, even while a machine opens', async () => {
    const stop = new AbortController();
    const engine = new Engine((backend) => {
      if (backend !== 'webgpu') return openMachine(backend);
      stop.abort();
      return new Promise(() => undefined);
    }, models);
    await load(engine, 'one', 'cpu');
    await expect(load(engine, 'two', 'webgpu', stop.signal)).rejects.toSatisfy(isAbort);
    expect((await generate(engine)).frames).toBe(1);
  });
});

describe('a model that takes the place of another', () => {
  it('has its networks loaded when the other ones are gone', async () => {
    const engine = new Engine(openMachine, models);
    await load(engine, 'one');
    const runtime = machines[0]?.runtime;
    if (!runtime) throw new Error('no machine was opened');
    const live: number[] = [];
    runtime.onCreate = () => {
      live.push(runtime.liveSessions);
    };
    await load(engine, 'two');
    expect(live).toEqual([0, 1, 2, 3]);
    expect(machines).toHaveLength(1);
  });

  it('on another machine frees the first one', async () => {
    const engine = new Engine(openMachine, models);
    await load(engine, 'one', 'cpu');
    await load(engine, 'two', 'webgpu');
    expect((await generate(engine)).frames).toBe(1);
    expect(machines).toMatchObject([
      { backend: 'cpu', disposed: true, runtime: { liveSessions: 0 } },
      { backend: 'webgpu', disposed: false },
    ]);
  });
});

describe('while a model is loaded', () => {
  it('its files are counted together, then its networks', async () => {
    const engine = new Engine(openMachine, models);
    const events: LoadEvent[] = [];
    const place = { kind: 'url', url: `${server.url}one/model.json` } as const;
    await engine.load(place, 'cpu', patient, (event) => events.push(event));
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
    const sessions = events.slice(downloads.length);
    expect(sessions.map(({ stage, done }) => [stage, done])).toEqual(
      [0, 1, 2, 3, 4].map((n) => ['session', n]),
    );
  });
});

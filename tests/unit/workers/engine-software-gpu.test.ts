import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ModelError } from '../../../src/base/index.ts';
import { createCpuCompute } from '../../../src/compute/index.ts';
import { targetFor } from '../../../src/models/index.ts';
import * as limits from '../../../src/models/limits.ts';
import type { BackendChoice } from '../../../src/protocol/index.ts';
import { Engine } from '../../../workers/engine.ts';
import type { Backend } from '../../../workers/backend.ts';
import { openCpuRuntime } from '../../support/cpu-runtime.ts';
import { failure } from '../../support/failure.ts';
import { MemoryModels } from '../../support/install/model-storage.ts';
import { serveFiles } from '../../support/served-files.ts';
import type { ServedFiles } from '../../support/served-files.ts';
import { tinyModelFiles } from '../../support/tiny-model.ts';

/** Whether the model of the test is too large for the CPU. */
let tooLarge = true;

let server: ServedFiles;
let opened: { readonly choice: BackendChoice; readonly kind: 'cpu' | 'webgpu'; disposed: boolean }[];
/** Whether the browser has a software GPU. */
let software: boolean;

beforeEach(async () => {
  server = await serveFiles(tinyModelFiles());
  opened = [];
  software = true;
  tooLarge = true;
  vi.spyOn(limits, 'checkProcessor').mockImplementation(() => {
    if (tooLarge) throw new ModelError('needs-gpu', 'It is too large.', { remedy: 'Use a GPU.' });
  });
});
afterEach(async () => {
  await server.close();
});

async function openBackend(choice: BackendChoice): Promise<Backend> {
  const kind = software && choice === 'software' ? 'webgpu' : 'cpu';
  const backend = { choice, kind, disposed: false } as const;
  const entry: (typeof opened)[number] = { ...backend };
  opened.push(entry);
  return {
    compute: createCpuCompute(),
    runtime: await openCpuRuntime(),
    device: { kind, precision: 'float32', name: '', reason: '', software, limits: null },
    target: targetFor('float32', false),
    lost: null,
    dispose: () => {
      entry.disposed = true;
    },
  };
}

const load = (engine: Engine, choice: BackendChoice) =>
  engine.load(
    { kind: 'url', url: `${server.url}model.json` },
    choice,
    new AbortController().signal,
    () => undefined,
  );

it('a software GPU is used for a model that needs a GPU, and released for one that does not', async () => {
  const engine = new Engine(openBackend, new MemoryModels());
  expect((await load(engine, 'auto')).device.kind).toBe('webgpu');
  await vi.waitFor(() => {
    expect(opened).toMatchObject([
      { choice: 'auto', kind: 'cpu', disposed: true },
      { choice: 'software', kind: 'webgpu', disposed: false },
    ]);
  });
  tooLarge = false;
  expect((await load(engine, 'auto')).device.kind).toBe('cpu');
  await vi.waitFor(() => {
    expect(opened.map(({ disposed }) => disposed)).toEqual([true, true, false]);
  });
});

it('a software GPU is not requested where there is none, or where the CPU was requested', async () => {
  const engine = new Engine(openBackend, new MemoryModels());
  expect((await failure(load(engine, 'cpu'))).code).toBe('needs-gpu');
  software = false;
  expect((await failure(load(engine, 'auto'))).code).toBe('needs-gpu');
  expect(opened.map(({ choice }) => choice)).toEqual(['cpu', 'auto']);
});

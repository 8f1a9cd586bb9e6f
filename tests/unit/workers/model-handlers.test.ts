import { describe, expect, it } from 'vitest';
import { defaultSettings } from '../../../src/project/index.ts';
import { connect, modelsApi, serve } from '../../../src/protocol/index.ts';
import type { GetEvent, WantedModel } from '../../../src/protocol/index.ts';
import { Engine } from '../../../workers/engine.ts';
import { modelHandlers } from '../../../workers/model-handlers.ts';
import type { ModelStorage } from '../../../workers/model-handlers.ts';
import { cpuBackend } from '../../support/cpu-backend.ts';
import { openCpuRuntime } from '../../support/cpu-runtime.ts';
import { failure } from '../../support/failure.ts';
import { MemoryModels } from '../../support/install/model-storage.ts';
import { base, tinyWeb } from '../../support/install/tiny-source.ts';
import { tinyModelFiles } from '../../support/tiny-model.ts';

const wanted: WantedModel = { kind: 'manifest', url: `${base}tiny/model.json` };
const id = 'hub.test-tiny';
const unet = 'unet/diffusion_pytorch_model.safetensors';

/** The models worker of one tab behind a real message port; tabs share the models. */
function tab(models: ModelStorage, web = tinyWeb().web) {
  const { port1, port2 } = new MessageChannel();
  const handlers = modelHandlers(models, {
    fetch: web.fetch,
    wait: () => Promise.resolve(),
    chunkLength: 4096,
    connections: 2,
  });
  serve(port2, modelsApi, handlers);
  port1.start();
  port2.start();
  const terminate = () => {
    port1.close();
    port2.close();
  };
  const listening = {
    postMessage: (message: unknown, transfer: Transferable[]) => {
      port1.postMessage(message, transfer);
    },
    addEventListener: (
      ...[type, listener]:
        | [type: 'message' | 'messageerror', listener: (event: MessageEvent<unknown>) => void]
        | [type: 'error', listener: (event: ErrorEvent) => void]
    ) => {
      if (type !== 'error') port1.addEventListener(type, listener);
    },
    terminate,
  };
  return { worker: connect(listening, modelsApi), web };
}

async function installed(): Promise<MemoryModels> {
  const models = new MemoryModels();
  const { worker } = tab(models);
  await worker.call('get', { wanted, hub: null });
  worker.close();
  return models;
}

function damage(models: MemoryModels) {
  const bytes = models.files.read(id, unet);
  bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1;
}

describe('the models worker', () => {
  it('returns the cost of a model, installs it, lists it and removes it', async () => {
    const models = new MemoryModels();
    const { worker } = tab(models);
    const look = await worker.call('look', { wanted, hub: null });
    if (look.kind !== 'cost') throw new Error('there is nothing wrong with it');
    const { cost } = look;
    expect(cost).toMatchObject({ id, name: 'Tiny', size: 64 });
    expect(cost.parts.reduce((sum, part) => sum + part.downloadBytes, 0)).toBe(cost.downloadBytes);
    expect(cost.parts[0]?.part).toBe('UNet');
    expect(cost).toMatchObject({ problem: null, largestSide: null });
    expect(cost.lowMemory).toBeLessThan(cost.memory);
    expect(models.files.names, 'looking writes nothing').toEqual([]);

    const events: GetEvent[] = [];
    await worker.call('get', { wanted, hub: null }, { onEvent: (event) => events.push(event) });
    expect(events.find(({ kind }) => kind === 'begun')).toMatchObject({ id, name: 'Tiny' });
    expect(events.at(-1)).toMatchObject({
      kind: 'progress',
      stage: 'download',
      done: cost.downloadBytes,
      of: cost.downloadBytes,
    });
    const { models: list } = await worker.call('list', {});
    expect(list).toMatchObject([{ id, name: 'Tiny', state: 'complete', storedBytes: cost.storedBytes }]);
    expect(await worker.call('verify', { id })).toEqual({ damaged: 0 });

    await worker.call('remove', { id });
    expect((await worker.call('list', {})).models).toEqual([]);
    worker.close();
  });

  it('lists all problems of a model, and installs nothing', async () => {
    const models = new MemoryModels();
    const { worker, web } = tab(models);
    web.files.delete(`${base}tiny/vae/config.json`);
    web.put(`${base}tiny/unet/config.json`, new TextEncoder().encode('{"down_block_types": ["Odd"]}'));
    const look = await worker.call('look', { wanted, hub: null });
    if (look.kind !== 'problems') throw new Error('there is much wrong with it');
    expect(look.problems.map(({ message }) => message).join('\n')).toMatch(/vae\/config\.json/);
    expect(look.problems.map(({ message }) => message).join('\n')).toMatch(/unet\/config\.json/);
    expect(look.problems).toHaveLength(2);
    await expect(worker.call('get', { wanted, hub: null })).rejects.toThrow();
    expect(models.files.names).toEqual([]);
    worker.close();
  });

  it('installs a model from a folder, and asks for that folder again to repair it', async () => {
    const models = new MemoryModels();
    const { worker, web } = tab(models);
    web.files.clear();
    const files = [...tinyModelFiles()].map(([path, bytes]) => ({ path, file: new Blob([bytes]) }));
    const folder: WantedModel = { kind: 'folder', name: 'My model', files };
    const { id: own } = await worker.call('get', { wanted: folder, hub: null });
    expect((await worker.call('list', {})).models).toMatchObject([{ state: 'complete', fromFolder: true }]);
    const again = worker.call('get', { wanted: { kind: 'installed', id: own }, hub: null });
    expect(await failure(again)).toMatchObject({ code: 'folder-needed', details: { folder: 'My model' } });
    expect(web.asked).toEqual([]);
    worker.close();
  });

  it('resumes an aborted install by model id, and downloads nothing twice', async () => {
    const models = new MemoryModels();
    const { worker, web } = tab(models);
    const stop = new AbortController();
    const stopped = worker.call(
      'get',
      { wanted, hub: null },
      {
        signal: stop.signal,
        onEvent: (event) => {
          if (event.kind === 'progress' && event.stage === 'download' && event.done > event.of / 2) {
            stop.abort();
          }
        },
      },
    );
    await expect(stopped).rejects.toThrow();
    expect((await worker.call('list', {})).models).toMatchObject([{ id, state: 'partial' }]);
    const before = web.sent(`${base}tiny/unet/weights.safetensors`);
    await worker.call('get', { wanted: { kind: 'installed', id }, hub: null });
    expect((await worker.call('list', {})).models).toMatchObject([{ id, state: 'complete' }]);
    const after = web.sent(`${base}tiny/unet/weights.safetensors`) - before;
    expect(before, 'bytes before the abort').toBeGreaterThan(0);
    expect(after).toBeLessThan(before);
    worker.close();
  });

  it('rejects changes to a model that another tab is downloading', async () => {
    const models = new MemoryModels();
    const [first, second] = [tab(models), tab(models)];
    let pass: () => void = () => undefined;
    let reached: () => void = () => undefined;
    const gate = new Promise<void>((open) => (pass = open));
    const downloading = new Promise<void>((reach) => (reached = reach));
    first.web.fault = async ({ range }) => {
      if (range && range[1] > 1000) {
        reached();
        await gate;
      }
      return null;
    };
    const fetched = first.worker.call('get', { wanted, hub: null });
    await downloading;
    for (const call of [
      second.worker.call('get', { wanted, hub: null }),
      second.worker.call('remove', { id }),
    ]) {
      expect((await failure(call)).code).toBe('model-busy');
    }
    pass();
    await fetched;
    await second.worker.call('remove', { id });
    first.worker.close();
    second.worker.close();
  });

  it('waits for a journal that another tab is writing', async () => {
    const models = await installed();
    const [one, other] = [models.worker().files, models.worker().files];
    const writer = await one.writer(id, 'install.json');
    const second = other.writer(id, 'install.json');
    damage(models);
    const { worker } = tab(models.worker());
    const verified = worker.call('verify', { id });
    const order: string[] = [];
    void second.then(() => order.push('second'));
    void verified.then(() => order.push('verified'));
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(order).toEqual([]);
    writer.close();
    (await second).close();
    expect(await verified).toEqual({ damaged: 1 });
    expect((await worker.call('list', {})).models).toMatchObject([{ id, state: 'damaged' }]);
    expect(models.files.writers).toBe(0);
    worker.close();
  });
});

describe('the diffusion worker', () => {
  const neverAborted = new AbortController().signal;
  const location = { kind: 'installed', id } as const;
  const engineFor = (models: MemoryModels) =>
    new Engine(async () => cpuBackend(await openCpuRuntime()), models);

  it('makes frames with an installed model, which cannot be removed meanwhile', async () => {
    const models = await installed();
    const engine = engineFor(models);
    const stages = new Set<string>();
    const model = await engine.load(location, 'cpu', neverAborted, (event) => {
      if ('stage' in event) stages.add(event.stage);
    });
    expect(model.name).toBe('Tiny');
    expect([...stages]).toEqual(['verify', 'session']);
    const { worker } = tab(models);
    expect((await failure(worker.call('remove', { id }))).code).toBe('model-busy');
    expect(await worker.call('verify', { id }), 'verifying is allowed').toEqual({ damaged: 0 });

    const start = { width: 8, height: 8, data: new Uint8ClampedArray(256).fill(200) };
    const settings = { ...defaultSettings, width: 64, height: 64, frames: 1, steps: 1 };
    const input = { start, firstFrame: 0, settings, previews: false };
    expect((await engine.generate(input, neverAborted, () => undefined)).frames).toBe(1);
    worker.close();
  });

  it('rejects a damaged model, and accepts it after the damaged chunks were downloaded', async () => {
    const models = await installed();
    damage(models);
    const engine = engineFor(models);
    const load = () => engine.load(location, 'cpu', neverAborted, () => undefined);
    expect(await failure(load())).toMatchObject({
      code: 'model-damaged',
      details: { file: unet, chunks: 1 },
    });
    const { worker, web } = tab(models);
    await worker.call('get', { wanted: { kind: 'installed', id }, hub: null });
    const again = web.asked.filter(
      // The header, after its eight bytes of length, is read again to plan the installation.
      ({ url, range }) => url.endsWith('/vae/weights.safetensors') && range && range[0] > 8,
    );
    expect(again, 'undamaged chunks are not downloaded').toEqual([]);
    expect((await load()).name).toBe('Tiny');
    worker.close();
  });

  it('releases the lock of a model that it could not load', async () => {
    const models = await installed();
    damage(models);
    await failure(engineFor(models).load(location, 'cpu', neverAborted, () => undefined));
    expect(await models.hold(id, 'exclusive')).not.toBeNull();
  });
});

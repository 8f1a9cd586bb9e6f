import { describe, expect, it } from 'vitest';
import { ModelError } from '../../../src/base/index.ts';
import type { Device, WantedModel } from '../../../src/store/index.ts';
import { base } from '../../support/install/tiny-source.ts';
import { Rig, builtIn, until } from './rig.ts';

const wanted: WantedModel = { kind: 'manifest', url: `${base}tiny/model.json` };
const id = 'hub.test-tiny';

/** A GPU whose buffers are too small for the model Tiny. */
const smallGpu: Device = {
  kind: 'webgpu',
  precision: 'float16',
  name: 'A small GPU',
  reason: '',
  software: false,
  limits: { maxBufferSize: 1000, maxStorageBufferBindingSize: 2000 },
};

/** A rig with an installed model. */
async function withModel(rig = new Rig()): Promise<Rig> {
  await rig.stores.models.begin();
  await rig.stores.model.whenReady();
  rig.stores.models.get(wanted, 'Tiny');
  await until(rig.stores.models, ({ fetch, installed }) => !fetch && installed?.[0]?.state === 'complete');
  return rig;
}

/** Blocks requests for weights until the returned function is called. */
function holdWeights({ web }: Rig): { reached: Promise<void>; pass: () => void } {
  let pass: () => void = () => undefined;
  let reach: () => void = () => undefined;
  const gate = new Promise<void>((open) => (pass = open));
  const reached = new Promise<void>((resolve) => (reach = resolve));
  let passing = 2;
  web.fault = async ({ range }) => {
    // A few chunks arrive; the others are blocked.
    if (range && range[1] - range[0] > 2000 && passing-- <= 0) {
      reach();
      await gate;
    }
    return null;
  };
  return { reached, pass };
}

function notice(rig: Rig, text: RegExp) {
  return rig.stores.notices.getState().notices.find(({ message }) => text.test(message));
}

function press(rig: Rig, text: RegExp, label: string) {
  const action = notice(rig, text)?.actions.find((each) => each.label === label);
  if (!action) throw new Error(`nothing offers “${label}”`);
  action.run();
}

describe('the first model', () => {
  it('counts as loading at once, and takes no time from the page until that is rendered', async () => {
    let show: () => void = () => undefined;
    const rendered = new Promise<void>((resolve) => (show = resolve));
    const { stores, loads } = new Rig(undefined, undefined, undefined, rendered);
    await stores.models.begin();
    const ready = stores.model.whenReady();
    expect(stores.model.getState().status).toBe('loading');
    expect(loads).toEqual([]);
    show();
    expect(await ready).toBe(true);
    expect(loads).toHaveLength(1);
  });
});

describe('installed models', () => {
  it('are downloaded, offered, used, and loaded from disk on the next visit', async () => {
    const storage = new Map<string, string>();
    const rig = await withModel(new Rig(storage));
    expect(rig.persisted, 'persistent storage is requested').toBe(1);
    press(rig, /Tiny is on this device/, 'Use it');
    await rig.stores.model.whenReady();
    expect(rig.loads.at(-1)).toEqual({ kind: 'installed', id });

    const next = new Rig(storage, rig.device, rig.models);
    await next.stores.models.begin();
    await next.stores.model.whenReady();
    expect(next.loads).toEqual([{ kind: 'installed', id }]);
    expect(next.stores.model.getState().location).toEqual({ kind: 'installed', id });

    next.stores.models.use(null);
    await next.stores.model.whenReady();
    const third = new Rig(storage, rig.device, rig.models);
    await third.stores.models.begin();
    await third.stores.model.whenReady();
    expect(third.loads).toMatchObject([{ kind: 'url' }]);
  });

  it('are downloaded even if the browser does not grant persistent storage, which is recorded', async () => {
    const rig = new Rig();
    rig.promises = false;
    await withModel(rig);
    expect(rig.stores.models.getState().promised).toBe(false);
  });

  it('replace the model in the page address', async () => {
    const rig = await withModel();
    rig.address = 'https://drift.example/?model=https%3A%2F%2Fother.example%2Fm.json&backend=cpu';
    await rig.stores.models.begin();
    await rig.stores.model.whenReady();
    rig.stores.models.use(id);
    await rig.stores.model.whenReady();
    expect(rig.address).toBe('https://drift.example/?backend=cpu');
  });

  it('show the cost before the download, or all problems', async () => {
    const rig = new Rig();
    await rig.stores.models.look(wanted);
    expect(rig.stores.models.getState().added).toMatchObject({ status: 'cost', cost: { name: 'Tiny' } });
    rig.web.files.delete(`${base}tiny/vae/config.json`);
    rig.web.files.delete(`${base}tiny/scheduler.json`);
    await rig.stores.models.look(wanted);
    const { added } = rig.stores.models.getState();
    expect(added?.status === 'problems' && added.problems).toHaveLength(2);
    rig.stores.models.forget();
    expect(rig.stores.models.getState().added).toBeNull();
  });

  it('are checked against the limits of the device as soon as it is known', async () => {
    const rig = new Rig();
    rig.model = { ...builtIn, device: smallGpu };
    rig.loading.shut();
    await rig.stores.models.begin();
    await rig.stores.models.look(wanted);
    expect(rig.stores.models.getState().added).toMatchObject({ status: 'cost', cost: { problem: null } });
    rig.loading.open();
    const { added } = await until(
      rig.stores.models,
      (state) => state.added?.status === 'cost' && state.added.cost.problem !== null,
    );
    expect(added?.status === 'cost' && added.cost.problem?.message).toMatch(/at most 1 MB \(maxBufferSize\)/);
  });

  it('are checked against the limits of a device that becomes known while their files are read', async () => {
    const rig = new Rig();
    rig.model = { ...builtIn, device: smallGpu };
    rig.loading.shut();
    await rig.stores.models.begin();
    let passed = false;
    rig.web.fault = async () => {
      if (passed) return null;
      passed = true;
      rig.loading.open();
      await rig.stores.model.whenReady();
      return null;
    };
    await rig.stores.models.look(wanted);
    const { added } = rig.stores.models.getState();
    expect(added).toMatchObject({ status: 'cost', device: smallGpu });
    expect(added?.status === 'cost' && added.cost.problem?.message).toMatch(/at most 1 MB \(maxBufferSize\)/);
  });

  it('can be paused during download, and resumed on the next visit', async () => {
    const storage = new Map<string, string>();
    const rig = new Rig(storage);
    const { reached, pass } = holdWeights(rig);
    rig.stores.models.get(wanted, 'Tiny');
    await reached;
    rig.stores.models.pause();
    expect(rig.stores.models.getState().fetch).toMatchObject({ phase: 'pausing', id });
    pass();
    await until(rig.stores.models, ({ fetch }) => fetch?.phase === 'paused');
    expect(rig.models.files.writers, 'no file is left open').toBe(0);
    await until(rig.stores.models, ({ installed }) => installed?.[0]?.state === 'partial');

    const next = new Rig(storage, rig.device, rig.models);
    await next.stores.models.begin();
    expect(next.stores.models.getState().fetch).toMatchObject({ phase: 'paused', name: 'Tiny' });
    expect(next.web.asked, 'nothing is fetched before the download is resumed').toEqual([]);
    press(next, /download of Tiny is not finished/, 'Resume');
    await until(next.stores.models, ({ installed }) => installed?.[0]?.state === 'complete');
    expect(next.stores.models.getState().fetch).toBeNull();
    expect(storage.get('drift.download')).toBe('null');
  });

  it('are deleted when the download is cancelled', async () => {
    const rig = new Rig();
    const { reached, pass } = holdWeights(rig);
    rig.stores.models.get(wanted, 'Tiny');
    await reached;
    const cancelled = rig.stores.models.cancel();
    pass();
    await cancelled;
    expect(rig.stores.models.getState()).toMatchObject({ fetch: null, installed: [] });
    expect(rig.models.files.names).toEqual([]);
  });

  it('retry automatically after a network error, with exponential backoff', async () => {
    const rig = new Rig();
    rig.web.fault = () => {
      throw new TypeError('offline');
    };
    rig.stores.models.get(wanted, 'Tiny');
    const waits: number[] = [];
    for (let attempt = 0; attempt < 3; attempt++) {
      const { fetch } = await until(rig.stores.models, (state) => state.fetch?.phase === 'waiting');
      expect(fetch?.news).toMatch(/tries again in \d+ s/);
      waits.push(...rig.passTime());
      await until(rig.stores.models, (state) => state.fetch?.phase === 'running');
    }
    expect(waits).toEqual([5_000, 10_000, 20_000]);
    await until(rig.stores.models, (state) => state.fetch?.phase === 'waiting');
    rig.web.fault = () => null;
    rig.goOnline();
    await until(rig.stores.models, ({ installed }) => installed?.[0]?.state === 'complete');
    expect(rig.passTime(), 'no retry timer is left').toEqual([]);
    expect(rig.stores.notices.getState().notices.filter(({ kind }) => kind === 'error')).toEqual([]);
  });

  it('can be paused while waiting for the network', async () => {
    const rig = new Rig();
    rig.web.fault = () => {
      throw new TypeError('offline');
    };
    rig.stores.models.get(wanted, 'Tiny');
    await until(rig.stores.models, (state) => state.fetch?.phase === 'waiting');
    rig.stores.models.pause();
    expect(rig.passTime()).toEqual([]);
    await until(rig.stores.models, ({ fetch }) => fetch?.phase === 'paused');
  });

  it('stop downloading when the disk is full, report the bytes needed, and can be resumed', async () => {
    const rig = new Rig();
    rig.models.files.capacity = 10_000;
    rig.stores.models.get(wanted, 'Tiny');
    await until(rig.stores.models, (state) => state.fetch?.phase === 'failed');
    expect(notice(rig, /needs .* on disk, and .* free/)?.kept).toBe('What has been downloaded is kept.');
    rig.models.files.capacity = Infinity;
    press(rig, /on disk/, 'Resume');
    await until(rig.stores.models, ({ installed }) => installed?.[0]?.state === 'complete');
  });

  it('resume in a new worker after theirs died', async () => {
    const rig = new Rig();
    const { reached } = holdWeights(rig);
    rig.stores.models.get(wanted, 'Tiny');
    await reached;
    rig.killModels('out of memory');
    await until(rig.stores.models, (state) => state.fetch?.phase === 'failed');
    rig.web.fault = () => null;
    rig.stores.models.resume();
    await until(rig.stores.models, ({ installed }) => installed?.[0]?.state === 'complete');
    expect(rig.modelWorkers).toBe(2);
  });

  it('are verified, and only the damaged chunks are downloaded again', async () => {
    const rig = await withModel();
    await rig.stores.models.verify(id);
    expect(notice(rig, /Tiny is intact/)).toBeDefined();
    const bytes = rig.models.files.read(id, 'image_encoder/model.onnx');
    bytes.fill(0, 0, 10);
    await rig.stores.models.verify(id);
    await until(rig.stores.models, ({ check, installed }) => !check && installed?.[0]?.state === 'damaged');
    rig.web.asked.length = 0;
    press(rig, /One chunk of Tiny is damaged/, 'Repair');
    await until(rig.stores.models, ({ installed }) => installed?.[0]?.state === 'complete');
    // Headers, after their eight bytes of length, are read again to plan the installation.
    const fetched = rig.web.asked.filter(
      ({ range }) => range && range[1] - range[0] > 2000 && range[0] !== 8,
    );
    expect(new Set(fetched.map(({ url }) => url.split('/').at(-1)))).toEqual(new Set(['image.onnx']));
  });

  it('can be repaired when found damaged while loading, and are then used', async () => {
    const rig = await withModel();
    rig.failsLate = true;
    rig.failures.set(
      'load',
      new ModelError('model-damaged', 'Tiny is damaged.', { remedy: 'Download it again.', details: {} }),
    );
    rig.stores.models.use(id);
    await rig.stores.model.whenReady();
    expect(rig.stores.model.getState()).toMatchObject({ status: 'ready', location: { kind: 'url' } });
    const offered = notice(rig, /Tiny is damaged/)?.actions.map(({ label }) => label);
    expect(offered).toEqual(['Repair', 'Try again']);
    press(rig, /Tiny is damaged/, 'Repair');
    await until(rig.stores.model, ({ location }) => location?.kind === 'installed');
    expect(rig.stores.models.getState().fetch).toBeNull();
  });

  it('can be installed from the error of a model that is too large to load from an address', async () => {
    const rig = new Rig();
    rig.failsLate = true;
    rig.failures.set('load', new ModelError('too-large', 'It is too large.', { remedy: 'Install it.' }));
    rig.load(`${base}tiny/model.json`);
    await until(rig.stores.model, ({ status }) => status === 'failed');
    press(rig, /too large/, 'Install it');
    expect(rig.stores.models.getState().dialog).toEqual({ address: `${base}tiny/model.json` });
    await until(rig.stores.models, ({ added }) => added?.status === 'cost');
    rig.stores.models.hide();
    expect(rig.stores.models.getState().dialog).toBeNull();
  });

  it('are replaced by the built-in model when removed', async () => {
    const rig = await withModel();
    rig.stores.models.use(id);
    await rig.stores.model.whenReady();
    await rig.stores.models.remove(id);
    expect(rig.stores.model.getState().location).toMatchObject({ kind: 'url' });
    expect(rig.stores.models.getState().installed).toEqual([]);
  });

  it('are reported as busy while another tab downloads them', async () => {
    const first = new Rig();
    const { reached, pass } = holdWeights(first);
    first.stores.models.get(wanted, 'Tiny');
    await reached;
    const second = new Rig(new Map(), first.device, first.models);
    second.stores.models.get(wanted, 'Tiny');
    await until(second.stores.models, (state) => state.fetch?.phase === 'failed');
    expect(notice(second, /downloaded or used in another tab/)).toBeDefined();
    pass();
    await until(first.stores.models, ({ installed }) => installed?.[0]?.state === 'complete');
    second.stores.models.resume();
    await until(second.stores.models, ({ fetch }) => fetch === null);
  });
});

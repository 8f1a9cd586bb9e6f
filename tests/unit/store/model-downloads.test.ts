import { describe, expect, it } from 'vitest';
import { ModelError } from '../../../src/base/index.ts';
import type { WantedModel } from '../../../src/store/index.ts';
import { base } from '../../support/install/tiny-source.ts';
import { Rig, until } from './rig.ts';

const wanted: WantedModel = { kind: 'manifest', url: `${base}tiny/model.json` };
const id = 'hub.test-tiny';

/** Blocks requests for weights until the returned function is called. */
function holdWeights({ web }: Rig): { reached: Promise<void>; pass: () => void } {
  let pass: () => void = () => undefined;
  let reach: () => void = () => undefined;
  const gate = new Promise<void>((open) => (pass = open));
  const reached = new Promise<void>((resolve) => (reach = resolve));
  web.fault = async ({ range }) => {
    if (range && range[1] - range[0] > 2000) {
      reach();
      await gate;
    }
    return null;
  };
  return { reached, pass };
}

const settle = () => new Promise(setImmediate);

describe('model download', () => {
  it('stays paused and fetches nothing after pause, resume and pause in quick succession', async () => {
    const rig = new Rig();
    const { models } = rig.stores;
    const { reached, pass } = holdWeights(rig);
    models.get(wanted, 'Tiny');
    await reached;
    models.pause();
    models.resume();
    models.pause();
    pass();
    await until(models, ({ fetch, installed }) => fetch?.phase === 'paused' && installed !== null);
    rig.web.asked.length = 0;
    for (let turn = 0; turn < 20; turn++) await settle();
    expect(models.getState().fetch?.phase).toBe('paused');
    expect(rig.web.asked).toEqual([]);
    models.resume();
    await until(models, ({ installed }) => installed?.[0]?.state === 'complete');
    expect(models.getState().fetch).toBeNull();
  });

  it('is complete after being cancelled and started again immediately', async () => {
    const rig = new Rig();
    const { models } = rig.stores;
    const { reached, pass } = holdWeights(rig);
    models.get(wanted, 'Tiny');
    await reached;
    const cancelled = models.cancel();
    models.get(wanted, 'Tiny');
    pass();
    await cancelled;
    await until(models, ({ fetch, installed }) => !fetch && installed?.[0]?.state === 'complete');
    await models.verify(id);
    expect(models.getState().installed).toMatchObject([{ id, state: 'complete' }]);
    expect(rig.stores.notices.getState().notices.filter(({ kind }) => kind === 'error')).toEqual([]);
  });

  it('is not resumed if its model is removed while waiting for the network', async () => {
    const rig = new Rig();
    const { models } = rig.stores;
    let asked = 0;
    rig.web.fault = ({ range }) => {
      if (range && range[1] - range[0] > 2000 && asked++ > 1) throw new TypeError('offline');
      return null;
    };
    models.get(wanted, 'Tiny');
    await until(models, ({ fetch }) => fetch?.phase === 'waiting' && fetch.id !== null);
    await models.remove(id);
    expect(models.getState()).toMatchObject({ fetch: null, installed: [] });
    rig.web.fault = () => null;
    rig.goOnline();
    expect(rig.passTime(), 'no retry timer is left').toEqual([]);
    for (let turn = 0; turn < 20; turn++) await settle();
    expect(rig.models.files.names).toEqual([]);
  });

  it('does not switch to the downloaded model because of a repair of another model', async () => {
    const rig = new Rig();
    const { models, model } = rig.stores;
    await models.begin();
    await model.whenReady();
    const { reached, pass } = holdWeights(rig);
    models.get(wanted, 'Tiny');
    await reached;
    rig.failures.set(
      'load',
      new ModelError('model-damaged', 'Other is damaged.', { remedy: 'Repair it.', details: {} }),
    );
    models.use('hub.test-other');
    await model.whenReady();
    const damaged = rig.stores.notices.getState().notices.find(({ message }) => /Other/.test(message));
    damaged?.actions.find(({ label }) => label === 'Repair')?.run();
    pass();
    await until(models, ({ fetch, installed }) => !fetch && installed?.[0]?.state === 'complete');
    await model.whenReady();
    expect(model.getState().location).toMatchObject({ kind: 'url' });
  });
});

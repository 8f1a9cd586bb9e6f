import { describe, expect, it } from 'vitest';
import { ModelError } from '../../../src/base/index.ts';
import type { EngineNotice } from '../../../src/protocol/index.ts';
import { Rig, builtIn, until } from './rig.ts';

const precision = { unet: 'float32', decoder: 'float16' } as const;
const notice: EngineNotice = {
  kind: 'notice',
  code: 'precision',
  message: 'It goes on in a safe way.',
  precision,
};
const onGpu = {
  ...builtIn,
  device: {
    kind: 'webgpu',
    precision: 'float16',
    name: 'A GPU',
    reason: '',
    software: false,
    limits: null,
  },
} as const;

async function ready(storage = new Map<string, string>()): Promise<Rig> {
  const rig = new Rig(storage);
  rig.model = onGpu;
  await rig.ready();
  return rig;
}

const messages = (rig: Rig) => rig.stores.notices.getState().notices.map(({ message }) => message);

/** Loads the model again and returns the precisions passed to the worker. */
async function loadedAgain(rig: Rig): Promise<unknown> {
  rig.load();
  await rig.stores.model.whenReady();
  return rig.precisions.at(-1);
}

describe('a model found to need float32', () => {
  it('is reported during a run, and remembered for this model on this GPU', async () => {
    const rig = await ready();
    expect(rig.precisions).toEqual([{}]);
    rig.notice = notice;
    await rig.stores.generation.generate();
    expect(messages(rig)).toEqual([notice.message]);
    expect(rig.stores.animation.getState().frames, 'the run continues').toHaveLength(3);
    expect(await loadedAgain(rig)).toEqual({ 'A GPU': precision });

    rig.stores.model.load(() => ({
      model: { kind: 'url', url: 'https://drift.example/other.json' },
      backend: 'auto',
    }));
    await rig.stores.model.whenReady();
    expect(rig.precisions.at(-1), 'nothing is remembered for another model').toEqual({});
  });

  it('is reported during picking, also from a speculative round', async () => {
    const rig = await ready();
    await rig.stores.pick.begin();
    rig.speculate(notice);
    await until(rig.stores.notices, ({ notices }) => notices.length > 0);
    expect(messages(rig)).toEqual([notice.message]);
    rig.stores.pick.stop();
    expect(await loadedAgain(rig)).toEqual({ 'A GPU': precision });
  });

  it('is reported after loading, and remembered, when the weights require it', async () => {
    const rig = new Rig();
    rig.model = onGpu;
    rig.notice = notice;
    await rig.ready();
    expect(messages(rig)).toEqual([notice.message]);
    rig.notice = null;
    expect(await loadedAgain(rig)).toEqual({ 'A GPU': precision });
  });

  it('is not reported when loading in float32 fails too', async () => {
    const rig = new Rig();
    rig.notice = notice;
    const failed = new ModelError('session-failed', 'It is too large.', { remedy: 'Use another.' });
    rig.failures.set('load', failed);
    rig.load();
    await rig.stores.model.whenReady();
    expect(messages(rig)).toEqual([failed.message]);
  });

  it('is remembered on the next visit', async () => {
    const storage = new Map<string, string>();
    const rig = await ready(storage);
    rig.notice = notice;
    await rig.stores.generation.generate();
    const again = new Rig(storage);
    again.load();
    await again.stores.model.whenReady();
    expect(again.precisions).toEqual([{ 'A GPU': precision }]);
  });
});

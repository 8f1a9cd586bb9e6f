import { describe, expect, it } from 'vitest';
import { DeviceError, ModelError } from '../../../src/base/index.ts';
import { Rig, until } from './rig.ts';

const outOfMemory = new DeviceError('out-of-memory', 'The GPU has no memory left.', {
  remedy: 'Choose a smaller picture.',
});

/** The last notice, with the labels of its actions. */
function said(rig: Rig) {
  const notice = rig.stores.notices.getState().notices.at(-1);
  return { remedy: notice?.remedy, offers: notice?.actions.map(({ label }) => label) };
}

describe('low memory', () => {
  it('is off by default, reloads the model when turned on, and is stored for the next visit', async () => {
    const storage = new Map<string, string>();
    const rig = new Rig(storage);
    await rig.ready();
    rig.stores.model.setLowMemory(true);
    expect(await rig.stores.model.whenReady()).toBe(true);
    rig.stores.model.setLowMemory(true);
    await rig.stores.model.whenReady();
    expect(rig.lowMemories).toEqual([false, true]);
    const next = new Rig(storage);
    next.load();
    await next.stores.model.whenReady();
    expect(next.lowMemories).toEqual([true]);
  });

  it('loads no model if none was loaded', () => {
    const rig = new Rig();
    rig.stores.model.setLowMemory(true);
    expect(rig.stores.model.getState().status).toBe('idle');
    expect(rig.stores.preferences.getState().lowMemory).toBe(true);
  });

  it('is offered when memory runs out, while it is off', async () => {
    const rig = new Rig();
    await rig.ready();
    rig.failures.set('generate', outOfMemory);
    await rig.stores.generation.generate();
    expect(said(rig)).toEqual({
      remedy: 'Choose a smaller picture. Or turn on “Low memory” under Models, which needs less at once.',
      offers: ['Use low memory', 'Restart'],
    });
    rig.stores.notices.getState().notices.at(-1)?.actions[0]?.run();
    await rig.stores.model.whenReady();
    expect(rig.lowMemories).toEqual([false, true]);

    rig.failures.set('generate', outOfMemory);
    await rig.stores.generation.generate();
    expect(said(rig)).toEqual({ remedy: 'Choose a smaller picture.', offers: ['Restart'] });
  });

  it('is offered when a network does not fit, and the model then loads', async () => {
    const rig = new Rig();
    rig.failures.set('load', new ModelError('session-failed', 'It did not fit.', { remedy: 'Close tabs.' }));
    rig.load();
    await until(rig.stores.model, ({ status }) => status === 'failed');
    expect(said(rig).offers).toEqual(['Use low memory', 'Use the built-in model', 'Try again']);
    rig.stores.notices.getState().notices[0]?.actions[0]?.run();
    expect(await rig.stores.model.whenReady()).toBe(true);
    expect(rig.stores.notices.getState().notices).toEqual([]);
  });

  it('is not offered when a single buffer is too large, and neither is a restart', async () => {
    const rig = new Rig();
    rig.failures.set('load', new DeviceError('gpu-too-small', 'Too small.', { remedy: 'Use another.' }));
    rig.load();
    await until(rig.stores.model, ({ status }) => status === 'failed');
    expect(said(rig)).toEqual({ remedy: 'Use another.', offers: ['Use the built-in model', 'Try again'] });
  });
});

describe('frames', () => {
  it('record the model that made them, even if another is loaded during the run', async () => {
    const rig = new Rig();
    await rig.ready();
    rig.nextFrame.shut();
    const running = rig.stores.generation.generate();
    await until(rig.stores.animation, ({ frames }) => frames.length === 1);
    rig.loading.shut();
    rig.stores.model.setLowMemory(true);
    rig.nextFrame.open();
    await running;
    rig.loading.open();
    const made = [...rig.stores.animation.getState().tree.nodes];
    expect(made.map(({ model }) => model)).toEqual(['Shapes', 'Shapes', 'Shapes']);
  });
});

import { describe, expect, it } from 'vitest';
import { DeviceError, InputError } from '../../../src/base/index.ts';
import { Rig, builtIn, file, until, valueOf, valuesOf as values } from './rig.ts';

const numbers = (rig: Rig) => rig.stores.animation.getState().frames.map(({ number }) => number);

describe('generation', () => {
  it('measures how long its frames take, for the words of Speed', async () => {
    const rig = new Rig();
    await rig.ready();
    expect(rig.stores.generation.getState().frameTiming).toBeNull();
    rig.stores.settings.set({ frames: 2, steps: 10, speed: 'fast' });
    await rig.stores.generation.generate();
    const seconds = rig.stores.animation.getState().frames.at(-1)?.seconds;
    expect(seconds).toBeGreaterThan(0);
    expect(rig.stores.generation.getState().frameTiming).toMatchObject({
      seconds,
      steps: 6,
      settings: { speed: 'fast', frames: 2 },
      model: rig.model.name,
    });
  });

  it('generates the requested number of frames, each from the previous one', async () => {
    const rig = new Rig();
    await rig.ready();
    rig.stores.settings.set({ frames: 4, seed: 7 });
    await rig.stores.generation.generate();
    expect(numbers(rig)).toEqual([1, 2, 3, 4]);
    expect(await values(rig)).toEqual([56, 176, 35, 115]);
    expect(
      rig.stores.animation
        .getState()
        .frames.slice()
        .every(({ settings }) => settings.seed === 7),
    ).toBe(true);
    expect(rig.stores.generation.getState()).toMatchObject({ run: null, outcome: { kind: 'done', made: 4 } });
  });

  it('continues an animation with the same frames as an uninterrupted run', async () => {
    const whole = new Rig();
    await whole.ready();
    whole.stores.settings.set({ frames: 5 });
    await whole.stores.generation.generate();

    const parts = new Rig();
    await parts.ready();
    for (const frames of [2, 3]) {
      parts.stores.settings.set({ frames });
      await parts.stores.generation.generate();
    }
    expect(await values(parts)).toEqual(await values(whole));
    expect(parts.generateCalls.map(({ firstFrame }) => firstFrame)).toEqual([0, 2]);
    // Frames are compared with the start of the animation, not of the run.
    expect(parts.generateCalls.map(({ origin }) => valueOf(origin))).toEqual([undefined, 100]);
  });

  it('shows a notice of the worker once', async () => {
    const rig = new Rig();
    await rig.ready();
    rig.notice = { kind: 'notice', code: 'device', message: 'The GPU was started again.' };
    rig.stores.settings.set({ frames: 2 });
    await rig.stores.generation.generate();
    await rig.stores.generation.generate();
    expect(numbers(rig)).toEqual([1, 2, 3, 4]);
    expect(rig.stores.notices.getState().notices).toMatchObject([
      { kind: 'info', message: 'The GPU was started again.', actions: [] },
    ]);
  });

  it('stops immediately, keeps the finished frames, and can be continued', async () => {
    const rig = new Rig();
    await rig.ready();
    rig.nextFrame.shut();
    const { animation, generation } = rig.stores;
    const running = generation.generate();
    await until(animation, ({ frames }) => frames.length === 1);
    generation.stop();
    expect(generation.getState()).toMatchObject({ run: null, outcome: { kind: 'stopped', made: 1 } });
    rig.nextFrame.open();
    await running;
    expect(numbers(rig)).toEqual([1]);
    expect(rig.stores.notices.getState().notices).toEqual([]);

    await generation.generate();
    expect(numbers(rig)).toEqual([1, 2, 3, 4]);
    expect(rig.generateCalls.map(({ firstFrame }) => firstFrame)).toEqual([0, 1]);
  });

  it('discards frames of a stopped run, even during the next run', async () => {
    const rig = new Rig();
    await rig.ready();
    rig.ignoresAbort = true;
    rig.nextFrame.shut();
    const { animation, generation, settings } = rig.stores;
    const first = generation.generate();
    await until(animation, ({ frames }) => frames.length === 1);
    generation.stop();
    settings.set({ frames: 1 });
    await generation.generate();
    const before = await values(rig);
    rig.nextFrame.open();
    await first;
    expect(rig.sent).toBe(4);
    expect(numbers(rig)).toEqual([1, 2]);
    expect(await values(rig)).toEqual(before);
  });

  it('does not start twice', async () => {
    const rig = new Rig();
    await rig.ready();
    const { generation } = rig.stores;
    await Promise.all([generation.generate(), generation.generate(), generation.generate()]);
    expect(rig.generateCalls).toHaveLength(1);
    expect(numbers(rig)).toEqual([1, 2, 3]);
  });

  it('keeps the frames and shows an error when the worker fails, and can be started again', async () => {
    const rig = new Rig();
    await rig.ready();
    const { generation, notices } = rig.stores;
    await generation.generate();
    rig.failures.set('generate', new InputError('bad', 'It went wrong.', { remedy: 'Do something else.' }));
    await generation.generate();
    expect(numbers(rig)).toEqual([1, 2, 3]);
    expect(generation.getState().outcome?.kind).toBe('failed');
    expect(notices.getState().notices).toMatchObject([
      { message: 'It went wrong.', remedy: 'Do something else.', kept: 'All 3 frames made so far are kept.' },
    ]);
    await generation.generate();
    expect(numbers(rig)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('waits for a model and a picture that are still loading', async () => {
    const rig = new Rig();
    rig.loading.shut();
    rig.decoding.shut();
    const { animation, generation } = rig.stores;
    rig.load();
    const choosing = animation.chooseStart(Promise.resolve(file('late')), 'late.png');
    const running = generation.generate();
    expect(generation.getState().run?.phase).toBe('waiting');
    rig.loading.open();
    rig.decoding.open();
    await Promise.all([choosing, running]);
    expect(numbers(rig)).toEqual([1, 2, 3]);
    // The model's defaults arrived while the picture was being decoded: it was decoded again at their size.
    expect(rig.decodeSizes.at(-1)).toBe('64x64 crop');
    expect(rig.generateCalls[0]?.start.width).toBe(64);
  });

  it('can be stopped while it waits', async () => {
    const rig = new Rig();
    rig.loading.shut();
    rig.load();
    await rig.stores.animation.chooseStart(file('a'), 'a.png');
    const running = rig.stores.generation.generate();
    rig.stores.generation.stop();
    rig.loading.open();
    await running;
    expect(rig.generateCalls).toEqual([]);
    expect(rig.stores.generation.getState()).toEqual({ run: null, outcome: null, frameTiming: null });
  });

  it('asks for a picture when there is none', async () => {
    const rig = new Rig();
    rig.load();
    await rig.stores.generation.generate();
    expect(rig.stores.notices.getState().notices[0]?.message).toMatch(/no picture to start from/);
    expect(rig.generateCalls).toEqual([]);
  });

  it('refuses to start at another size than the existing frames, and suggests theirs', async () => {
    const rig = new Rig();
    await rig.ready();
    const { generation, settings } = rig.stores;
    await generation.generate();
    settings.set({ height: 128 });
    await generation.generate();
    expect(numbers(rig)).toEqual([1, 2, 3]);
    expect(settings.getState().problems.height?.suggestions).toEqual([64]);
    settings.set({ height: 64 });
    await generation.generate();
    expect(numbers(rig)).toHaveLength(6);
  });

  it('does not start with a setting out of range, and focuses its field', async () => {
    const rig = new Rig();
    await rig.ready();
    const { generation, settings } = rig.stores;
    settings.edit('width', '500');
    await generation.generate();
    expect(rig.generateCalls).toEqual([]);
    expect(settings.getState().attention?.key).toBe('width');
    expect(settings.getState().problems.width?.suggestions).toEqual([496, 504]);
  });

  it('publishes progress and previews once per animation frame, only the latest', async () => {
    const rig = new Rig();
    await rig.ready();
    rig.nextFrame.shut();
    const { animation, generation } = rig.stores;
    const running = generation.generate();
    await until(animation, ({ frames }) => frames.length === 1);
    let changes = 0;
    const unsubscribe = generation.subscribe(() => changes++);
    // 20 progress events and 20 previews since the last animation frame; previews of a finished frame are ignored.
    expect(rig.paint()).toBe(1);
    unsubscribe();
    expect(changes).toBe(1);
    expect(generation.getState().run).toMatchObject({
      progress: { frame: 0, step: 20, of: 20 },
      preview: null,
    });
    generation.stop();
    rig.nextFrame.open();
    await running;
    expect(rig.paint()).toBe(0);
  });
});

describe('a diffusion worker that dies', () => {
  it('keeps the frames and is restarted on request', async () => {
    const rig = new Rig();
    await rig.ready();
    const { animation, generation, model, notices } = rig.stores;
    rig.nextFrame.shut();
    const running = generation.generate();
    await until(animation, ({ frames }) => frames.length === 1);
    rig.killDiffusion('out of memory');
    await running;
    expect(numbers(rig)).toEqual([1]);
    const notice = notices.getState().notices[0];
    expect(notice?.message).toContain('out of memory');
    expect(notice?.kept).toBe('The frame made so far is kept.');
    expect(notice?.actions.map(({ label }) => label)).toEqual(['Restart']);

    notice?.actions[0]?.run();
    expect(await model.whenReady()).toBe(true);
    rig.nextFrame.open();
    await generation.generate();
    expect(rig.diffusionWorkers).toBe(2);
    expect(numbers(rig)).toEqual([1, 2, 3, 4]);
  });

  it('can be restarted during generation without changing the settings', async () => {
    const rig = new Rig();
    await rig.ready();
    const { generation, model, settings } = rig.stores;
    await generation.generate();
    rig.loading.shut();
    model.restart();
    const running = generation.generate();
    expect(settings.getState().values.width).toBe(64);
    rig.loading.open();
    await running;
    expect(settings.getState().problems).toEqual({});
    expect(numbers(rig)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('is offered a restart when the device is lost', async () => {
    const rig = new Rig();
    await rig.ready();
    rig.failures.set('generate', new DeviceError('device-lost', 'The GPU went away.', { remedy: 'Wait.' }));
    await rig.stores.generation.generate();
    expect(rig.stores.notices.getState().notices).toMatchObject([
      { message: 'The GPU went away.', actions: [{ label: 'Use low memory' }, { label: 'Restart' }] },
    ]);
  });
});

describe('loading a model', () => {
  it('keeps settings changed during loading, and takes the others from the defaults of the model', async () => {
    const rig = new Rig();
    rig.loading.shut();
    rig.load();
    rig.stores.settings.edit('frames', '12');
    rig.stores.settings.edit('height', '512');
    rig.loading.open();
    await rig.stores.model.whenReady();
    expect(rig.stores.settings.getState().values).toMatchObject({
      frames: 12,
      width: 64,
      height: 512,
      steps: 20,
    });
  });

  it('can be retried after a failure, also by pressing Generate', async () => {
    const rig = new Rig();
    rig.failures.set('load', new InputError('offline', 'The model did not arrive.', { remedy: 'Connect.' }));
    rig.load();
    expect(await until(rig.stores.model, ({ status }) => status === 'failed')).toMatchObject({ model: null });
    expect(rig.stores.notices.getState().notices).toMatchObject([
      {
        message: 'The model did not arrive.',
        actions: [{ label: 'Use the built-in model' }, { label: 'Try again' }],
      },
    ]);
    await rig.stores.animation.chooseStart(file('a'), 'a.png');
    await rig.stores.generation.generate();
    expect(rig.stores.model.getState()).toMatchObject({ status: 'ready', model: { name: 'Shapes' } });
    expect(numbers(rig)).toEqual([1, 2, 3]);
  });

  it('keeps the previous model and its settings when the new one cannot be opened', async () => {
    const rig = new Rig();
    await rig.ready();
    rig.stores.settings.edit('steps', '7');
    rig.failures.set('load', new InputError('offline', 'The model did not arrive.', { remedy: 'Connect.' }));
    rig.model = { ...builtIn, name: 'Other', defaults: { width: 128, height: 128 }, latentScale: 16 };
    rig.load('https://drift.example/other.json');
    expect(await rig.stores.model.whenReady()).toBe(true);
    expect(rig.stores.model.getState()).toMatchObject({ status: 'ready', model: { name: 'Shapes' } });
    expect(rig.stores.settings.getState()).toMatchObject({ values: { steps: 7, width: 64 }, multiple: 8 });
    const [notice] = rig.stores.notices.getState().notices;
    expect(notice).toMatchObject({
      message: 'The model did not arrive.',
      kept: 'Shapes is still in use.',
      actions: [{ label: 'Try again' }],
    });
    await rig.stores.generation.generate();
    expect(numbers(rig)).toEqual([1, 2, 3]);

    notice?.actions[0]?.run();
    await rig.stores.model.whenReady();
    expect(rig.stores.model.getState()).toMatchObject({ status: 'ready', model: { name: 'Other' } });
    expect(rig.stores.settings.getState()).toMatchObject({ values: { steps: 7, width: 128 } });
  });

  it('keeps the previous model when the networks of the new one fail to load', async () => {
    const rig = new Rig();
    await rig.ready();
    rig.failsLate = true;
    rig.failures.set('load', new InputError('memory', 'It does not fit.', { remedy: 'Close other tabs.' }));
    rig.load('https://drift.example/other.json');
    expect(await rig.stores.model.whenReady()).toBe(true);
    expect(rig.stores.model.getState()).toMatchObject({ status: 'ready', model: { name: 'Shapes' } });
    expect(rig.stores.notices.getState().notices).toMatchObject([
      { message: 'It does not fit.', kept: 'Shapes is still in use.' },
    ]);
    await rig.stores.generation.generate();
    expect(numbers(rig)).toEqual([1, 2, 3]);
  });

  it('keeps the settings of both models separate after a failure, also on the next visit', async () => {
    const storage = new Map<string, string>();
    const other = 'https://drift.example/other.json';
    const earlier = new Rig(storage);
    earlier.load(other);
    await earlier.stores.model.whenReady();
    earlier.stores.settings.edit('steps', '44');
    const storedOf = (url: string): unknown => JSON.parse(storage.get(`drift.settings:${url}`) ?? 'null');
    expect(storedOf(other)).toEqual({ steps: 44 });

    const rig = new Rig(storage);
    await rig.ready();
    rig.stores.settings.edit('repeats', '3');
    rig.loading.shut();
    rig.failures.set('load', new InputError('offline', 'The model did not arrive.', { remedy: 'Connect.' }));
    rig.load(other);
    // Set while a model is loading: applies to the model that is loaded in the end.
    rig.stores.settings.edit('frames', '5');
    rig.loading.open();
    await rig.stores.model.whenReady();
    expect(rig.stores.settings.getState().values).toMatchObject({ steps: 20, repeats: 3, frames: 5 });
    expect(storedOf('https://drift.example/model.json')).toEqual({ repeats: 3, frames: 5 });
    expect(storedOf(other)).toEqual({ steps: 44 });

    rig.load(other);
    await rig.stores.model.whenReady();
    expect(rig.stores.settings.getState().values).toMatchObject({ steps: 44, repeats: 3, frames: 5 });
  });

  it('does not mix in the settings of a model that was superseded while loading', async () => {
    const storage = new Map([['drift.settings:https://drift.example/other.json', '{"steps":44}']]);
    const rig = new Rig(storage);
    await rig.ready();
    rig.loading.shut();
    rig.load('https://drift.example/other.json');
    rig.load('https://drift.example/third.json');
    rig.loading.open();
    await rig.stores.model.whenReady();
    expect(rig.stores.settings.getState().values.steps).toBe(20);
    expect(storage.get('drift.settings:https://drift.example/third.json')).toBe('{}');
  });

  it('shows an error for an invalid address, and starts no worker', async () => {
    const rig = new Rig();
    rig.stores.model.load(() => {
      throw new InputError('address', 'That is no address.', { remedy: 'Correct it.' });
    });
    expect(await rig.stores.model.whenReady()).toBe(false);
    expect(rig.stores.notices.getState().notices[0]?.message).toBe('That is no address.');
    expect(rig.diffusionWorkers).toBe(0);
  });

  it('reports progress', async () => {
    const rig = new Rig();
    rig.loading.shut();
    rig.load();
    const painted = new Promise<void>((resolve) => {
      const stop = rig.stores.model.subscribe(({ progress }) => {
        if (progress) {
          stop();
          resolve();
        }
      });
      const tryAgain = () => {
        if (rig.paint() === 0) setImmediate(tryAgain);
      };
      tryAgain();
    });
    await painted;
    expect(rig.stores.model.getState().progress).toEqual({ stage: 'download', part: 'unet', done: 1, of: 2 });
    rig.loading.open();
    await rig.stores.model.whenReady();
    expect(rig.stores.model.getState().progress).toBeNull();
  });

  it('validates sizes with the latent scale of the model', async () => {
    const rig = new Rig();
    rig.model = { ...builtIn, latentScale: 16 };
    await rig.ready();
    rig.stores.settings.edit('width', '72');
    rig.stores.settings.commit('width');
    expect(rig.stores.settings.getState().problems.width).toEqual({
      message: 'Width must be a multiple of 16.',
      suggestions: [64, 80],
    });
  });
});

import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/base/index.ts';
import { Rig, until, valueOf, valuesOf } from './rig.ts';

async function smoothRig(): Promise<Rig> {
  const rig = new Rig();
  await rig.ready();
  rig.stores.settings.set({ mode: 'smooth', frames: 2, intermediate: 3 });
  return rig;
}

const frames = (rig: Rig) => rig.stores.animation.getState().frames;
const segments = (rig: Rig) =>
  frames(rig).map(({ leg }) => leg && `${leg.step}/${leg.of}${leg.home ? ' home' : ''}`);

describe('generation in smooth mode', () => {
  it('makes the requested variants and the intermediate frames, in order', async () => {
    const rig = await smoothRig();
    const { generation } = rig.stores;
    rig.nextFrame.shut();
    const running = generation.generate();
    await until(rig.stores.animation, (state) => state.frames.length === 1);
    expect(generation.getState().run).toMatchObject({ frames: 7, made: 1 });
    rig.nextFrame.open();
    await running;
    expect(segments(rig)).toEqual([undefined, '1/3', '2/3', '3/3', '1/3', '2/3', '3/3']);
    expect(await valuesOf(rig)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(generation.getState().outcome).toMatchObject({ kind: 'done', made: 7 });
    expect(rig.generateCalls).toEqual([]);
  });

  it('continues from the last frame, with its embedding and noise in the plan', async () => {
    const rig = await smoothRig();
    rig.stores.settings.set({ closeLoop: true, seed: 5 });
    await rig.stores.generation.generate();
    await rig.stores.generation.generate();
    expect(frames(rig)).toHaveLength(10 + 9);
    const [first, second] = rig.smoothCalls.map(({ plan }) => plan);
    expect(first).toMatchObject({ from: null, home: null, firstFrame: 0, segments: 2, closes: true });
    expect(valueOf(first?.source)).toBe(100);
    // The closing segment ends at the start picture's embedding and the first frame's noise.
    expect(second).toMatchObject({
      firstFrame: 10,
      from: { noise: [{ seed: 5, frame: 0, variant: 0, t: 1 }] },
    });
    expect(second?.from?.embedding.map(({ picture }) => valueOf(picture))).toEqual([100]);
    expect(second?.home).toEqual(second?.from);
    expect(valueOf(second?.source)).toBe(10);
  });

  it('keeps the finished frames when stopped, and completes that segment first', async () => {
    const rig = await smoothRig();
    const { animation, generation } = rig.stores;
    const unsubscribe = animation.subscribe((state) => {
      if (state.frames.length === 3) generation.stop();
    });
    await generation.generate();
    unsubscribe();
    expect(segments(rig)).toEqual([undefined, '1/3', '2/3']);
    expect(generation.getState().outcome).toMatchObject({ kind: 'stopped' });
    await generation.generate();
    expect(rig.smoothCalls.at(-1)?.plan).toMatchObject({ done: 2, firstFrame: 3, segments: 2 });
    expect(segments(rig)).toEqual([undefined, '1/3', '2/3', '3/3', '1/3', '2/3', '3/3']);
  });

  it('keeps the frames on failure, and can be started again', async () => {
    const rig = await smoothRig();
    const { generation, notices } = rig.stores;
    await generation.generate();
    rig.failures.set('smooth', new InputError('bad', 'It went wrong.', { remedy: 'Wait.' }));
    await generation.generate();
    expect(notices.getState().notices).toMatchObject([{ kept: 'All 7 frames made so far are kept.' }]);
    await generation.generate();
    expect(frames(rig)).toHaveLength(7 + 6);
  });

  it('continues smoothly after automatic frames, and automatically after smooth ones', async () => {
    const rig = await smoothRig();
    const { generation, settings } = rig.stores;
    settings.set({ mode: 'automatic' });
    await generation.generate();
    const [first] = await valuesOf(rig);
    settings.set({ mode: 'smooth' });
    await generation.generate();
    const [plan] = rig.smoothCalls.map((call) => call.plan);
    expect(plan?.from?.embedding.map(({ picture }) => valueOf(picture))).toEqual([first]);
    expect(plan?.from?.noise).toEqual([{ seed: 0, frame: 1, variant: 0, t: 1 }]);
    settings.set({ mode: 'automatic' });
    await generation.generate();
    expect(rig.generateCalls.at(-1)?.firstFrame).toBe(2 + 6);
    expect(frames(rig)).toHaveLength(2 + 6 + 2);
  });
});

describe('mode setting', () => {
  it('has its own frame rate, for playback and export', async () => {
    const rig = await smoothRig();
    const { exporter, generation, settings } = rig.stores;
    await generation.generate();
    await exporter.download('gif');
    settings.set({ smoothFrameRate: 24 });
    await exporter.download('mp4');
    settings.set({ mode: 'automatic' });
    await exporter.download('gif');
    expect(rig.encoded.map(({ frameRate }) => frameRate)).toEqual([20, 24, 10]);
  });

  it('is restored on the next visit', async () => {
    const storage = new Map<string, string>();
    const first = new Rig(storage);
    await first.ready();
    first.stores.settings.set({ mode: 'smooth', closeLoop: true, easing: 'in-out' });
    const second = new Rig(storage);
    await second.ready();
    expect(second.stores.settings.getState().values).toMatchObject({
      mode: 'smooth',
      closeLoop: true,
      easing: 'in-out',
    });
  });

  it('is not changed by a reset', async () => {
    const rig = await smoothRig();
    rig.stores.settings.reset();
    expect(rig.stores.settings.getState().values).toMatchObject({ mode: 'smooth', intermediate: 8 });
  });

  it('is not blocked by an invalid field of another mode', async () => {
    const rig = await smoothRig();
    const { generation, settings } = rig.stores;
    settings.edit('noiseShift', '7');
    settings.commit('noiseShift');
    await generation.generate();
    expect(rig.smoothCalls).toEqual([]);
    expect(settings.getState().attention?.key).toBe('noiseShift');
    settings.set({ mode: 'automatic' });
    await generation.generate();
    expect(frames(rig)).toHaveLength(2);
  });
});

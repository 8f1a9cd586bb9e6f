import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/base/index.ts';
import { mostQueued } from '../../../src/store/index.ts';
import { Rig, builtIn, file, until } from './rig.ts';

/** A run waiting before its second frame, and queued runs of one frame with these seeds. */
async function queued(seeds: readonly number[], rig = new Rig()) {
  await rig.ready();
  const { animation, generation, queue, settings } = rig.stores;
  rig.nextFrame.shut();
  void generation.generate();
  await until(animation, ({ frames }) => frames.length === 1);
  for (const seed of seeds) {
    settings.set({ frames: 1, seed });
    queue.add();
  }
  return rig;
}

const seedsOf = (rig: Rig) => rig.stores.queue.getState().runs.map(({ settings }) => settings.seed);
/** Seeds of the runs requested from the worker. */
const made = (rig: Rig) => rig.generateCalls.map(({ seed }) => seed);
const idle = (rig: Rig) => until(rig.stores.generation, ({ run }) => run === null);

/** Lets the current run and the queued ones finish. */
async function finish(rig: Rig): Promise<void> {
  rig.nextFrame.open();
  await until(rig.stores.queue, ({ runs, paused }) => runs.length === 0 || paused !== null);
  await idle(rig);
}

describe('the queue of runs', () => {
  it('makes the runs in order, each with the settings of the moment when it was queued', async () => {
    const rig = await queued([7, 8]);
    rig.stores.settings.set({ seed: 99 });
    expect(seedsOf(rig)).toEqual([7, 8]);
    await finish(rig);
    expect(made(rig)).toEqual([0, 7, 8]);
    expect(rig.generateCalls.map(({ firstFrame }) => firstFrame)).toEqual([0, 3, 4]);
    const frames = rig.stores.animation.getState().frames.slice();
    expect(frames.map(({ settings }) => settings.seed)).toEqual([0, 0, 0, 7, 8]);
    expect(rig.stores.queue.getState()).toEqual({ runs: [], paused: null });
  });

  it('takes no run while there is nothing to wait for', async () => {
    const rig = new Rig();
    await rig.ready();
    rig.stores.queue.add();
    expect(seedsOf(rig)).toEqual([]);
    expect(made(rig)).toEqual([]);
  });

  it('takes no run before the defaults of the model are known', async () => {
    const rig = new Rig();
    rig.loading.shut();
    rig.load();
    await rig.stores.animation.chooseStart(file('a'), 'a.png');
    const running = rig.stores.generation.generate();
    rig.stores.queue.add();
    expect(seedsOf(rig)).toEqual([]);
    rig.loading.open();
    await running;
    expect(made(rig)).toEqual([0]);
  });

  it('takes a bounded number of runs, and none with an invalid setting or another size', async () => {
    const rig = await queued([]);
    const { queue, settings } = rig.stores;
    settings.edit('seed', 'x');
    queue.add();
    expect(settings.getState().attention?.key).toBe('seed');
    settings.set({ seed: 1, height: 128 });
    queue.add();
    expect(settings.getState().problems.height?.suggestions).toEqual([64]);
    expect(seedsOf(rig)).toEqual([]);
    settings.set({ height: 64 });
    for (let i = 0; i < mostQueued + 3; i++) queue.add();
    expect(seedsOf(rig)).toHaveLength(mostQueued);
  });

  it('can be reordered, and runs removed', async () => {
    const rig = await queued([5, 6, 7]);
    const { queue } = rig.stores;
    const [first, second, third] = queue.getState().runs.map(({ id }) => id);
    queue.move(third ?? 0, -2);
    expect(seedsOf(rig)).toEqual([7, 5, 6]);
    queue.move(third ?? 0, -1);
    queue.move(first ?? 0, 9);
    expect(seedsOf(rig)).toEqual([7, 6, 5]);
    queue.remove(second ?? 0);
    expect(seedsOf(rig)).toEqual([7, 5]);
    await finish(rig);
    expect(made(rig)).toEqual([0, 7, 5]);
  });

  it('goes on with the next run when one is stopped', async () => {
    const rig = await queued([7, 8]);
    rig.stores.generation.stop();
    await finish(rig);
    expect(made(rig)).toEqual([0, 7, 8]);
    expect(rig.stores.animation.getState().frames.length).toBe(3);
  });

  it('stops all runs at once, which can be undone', async () => {
    const rig = await queued([7, 8]);
    const { generation, history, queue } = rig.stores;
    queue.stopAll();
    expect(generation.getState().run).toBeNull();
    expect(seedsOf(rig)).toEqual([]);
    rig.nextFrame.open();
    expect(history.getState().undo?.label).toBe('Stop all');
    await history.undo();
    expect(seedsOf(rig)).toEqual([7, 8]);
    // They do not start automatically.
    expect([queue.getState().paused, made(rig)]).toEqual([{ reason: 'restored' }, [0]]);
    queue.goOn();
    await finish(rig);
    expect(made(rig)).toEqual([0, 7, 8]);
  });

  it('pauses after an error and says which run failed, until the user goes on', async () => {
    const rig = await queued([7, 8, 9]);
    const failure = new InputError('bad', 'It went wrong.', { remedy: 'Do something else.' });
    rig.failures.set('generate', failure);
    rig.nextFrame.open();
    const { paused } = await until(rig.stores.queue, (state) => state.paused !== null);
    expect(paused).toMatchObject({ reason: 'failed', settings: { seed: 7 } });
    expect(seedsOf(rig)).toEqual([8, 9]);
    expect(rig.stores.notices.getState().notices).toMatchObject([{ message: 'It went wrong.' }]);

    // Runs started meanwhile do not change the queue.
    rig.stores.settings.set({ seed: 50 });
    await rig.stores.generation.generate();
    expect(made(rig)).toEqual([0, 7, 50]);
    rig.stores.queue.goOn();
    await finish(rig);
    expect(made(rig)).toEqual([0, 7, 50, 8, 9]);
  });

  it('can be cleared while it is paused', async () => {
    const rig = await queued([7, 8]);
    rig.failures.set('generate', new InputError('bad', 'It went wrong.', { remedy: 'Do something else.' }));
    await finish(rig);
    expect(seedsOf(rig)).toEqual([8]);
    rig.stores.queue.clear();
    expect(rig.stores.queue.getState()).toEqual({ runs: [], paused: null });
    expect(made(rig)).toEqual([0, 7]);
  });

  it('pauses when the animation is changed during a run', async () => {
    const rig = await queued([7]);
    rig.stores.animation.goBackTo(0);
    expect(rig.stores.queue.getState().paused).toEqual({ reason: 'changed' });
    rig.nextFrame.open();
    await idle(rig);
    expect(made(rig)).toEqual([0]);
    rig.stores.queue.goOn();
    await finish(rig);
    expect(rig.generateCalls.map(({ seed, firstFrame }) => [seed, firstFrame])).toEqual([
      [0, 0],
      [7, 0],
    ]);
  });

  it('is emptied by another project, with an offer to queue the runs for that', async () => {
    const rig = await queued([7, 8]);
    const { animation, notices, queue } = rig.stores;
    await animation.chooseStart(file('other'), 'other.png');
    expect(queue.getState()).toEqual({ runs: [], paused: null });
    rig.nextFrame.open();
    await idle(rig);
    const notice = notices.getState().notices.find(({ topic }) => topic === 'queue');
    expect(notice?.message).toBe('2 runs were taken off the queue, which belonged to the project before.');
    expect(made(rig)).toEqual([0]);
    notice?.actions[0]?.run();
    expect([seedsOf(rig), queue.getState().paused]).toEqual([[7, 8], { reason: 'restored' }]);
    queue.goOn();
    await finish(rig);
    expect(made(rig)).toEqual([0, 7, 8]);
    expect(animation.getState().frames.length).toBe(2);
  });

  it('does not begin a run on a project that was opened while it waited for the picture', async () => {
    const rig = await queued([7]);
    const { animation, queue } = rig.stores;
    rig.decoding.shut();
    const choosing = animation.chooseStart(file('other'), 'other.png');
    rig.nextFrame.open();
    await until(queue, ({ runs }) => runs.length === 0);
    rig.decoding.open();
    await choosing;
    await idle(rig);
    expect(made(rig)).toEqual([0]);
    expect(animation.getState().frames.length).toBe(0);
  });

  it('pauses before a run that was queued for another model', async () => {
    const rig = await queued([7]);
    rig.model = { ...builtIn, name: 'Other' };
    rig.load('https://drift.example/other.json');
    await rig.stores.model.whenReady();
    rig.nextFrame.open();
    const { paused } = await until(rig.stores.queue, (state) => state.paused !== null);
    expect(paused).toEqual({ reason: 'model', model: 'Shapes' });
    expect(made(rig)).toEqual([0]);
    expect(seedsOf(rig)).toEqual([7]);
    rig.stores.queue.goOn();
    await finish(rig);
    expect(made(rig)).toEqual([0, 7]);
  });

  it('undoes and redoes its edits, but not those of runs that have begun', async () => {
    const rig = await queued([7, 8]);
    const { history, queue } = rig.stores;
    queue.remove(queue.getState().runs[0]?.id ?? 0);
    expect(seedsOf(rig)).toEqual([8]);
    await history.undo();
    expect(seedsOf(rig)).toEqual([7, 8]);
    await history.redo();
    await history.undo();
    await history.undo();
    expect(seedsOf(rig)).toEqual([7]);
    await history.redo();
    expect(seedsOf(rig)).toEqual([7, 8]);
    await finish(rig);
    expect(made(rig)).toEqual([0, 7, 8]);
    expect(history.getState().undo?.label).toBe('Generate');
    await history.undo();
    await history.undo();
    await history.undo();
    expect(seedsOf(rig)).toEqual([]);
  });
});

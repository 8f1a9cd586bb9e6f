import { describe, expect, it } from 'vitest';
import { DeviceError } from '../../../src/base/index.ts';
import { variantOf } from '../../../src/project/index.ts';
import { Device } from '../../support/project-storage.ts';
import { Rig, insight, plain, until, valueOf, valuesOf as values } from './rig.ts';

const variants = (rig: Rig) =>
  rig.stores.pick.getState().round?.variants.map(({ candidate }) => valueOf(candidate?.picture));

/** Simulates the worker's round after a variant, with candidates of these values. */
function makeAhead(rig: Rig, candidate: number, made: number[], after = rig.roundName) {
  const candidates = made.map((value, index) => ({
    variant: variantOf(0, index),
    picture: plain(64, 64, value),
    insight,
    seconds: 1,
  }));
  rig.speculate({ kind: 'ahead', after, candidate, candidates });
  rig.speculate({ kind: 'state', ready: [candidate], savedSeconds: 0, stepsAhead: 3 });
}

async function readyRig(): Promise<Rig> {
  const rig = new Rig();
  await rig.ready();
  rig.stores.settings.set({ seed: 0 });
  return rig;
}

describe('picking by hand', () => {
  it('shows the variants as they are made, and picks one as the next frame', async () => {
    const rig = await readyRig();
    const { pick } = rig.stores;
    rig.nextCandidate.shut();
    const begun = pick.begin();
    await until(pick, ({ round }) => Boolean(round?.variants[0]?.candidate));
    expect(variants(rig)).toEqual([49, undefined]);
    rig.paint();
    expect(pick.getState().round).toMatchObject({ phase: 'making', number: 1, progress: { step: 1 } });
    expect(pick.getState().round?.variants[1]?.preview).not.toBeNull();
    await pick.take(1);
    expect(await values(rig), 'an unfinished variant cannot be picked').toEqual([]);
    rig.nextCandidate.open();
    await begun;
    expect(pick.getState().round?.phase).toBe('done');
    await pick.take(1);
    expect(await values(rig)).toEqual([50]);
    expect(rig.stores.animation.getState().frames.at(0)).toMatchObject({ number: 1, seconds: 1 });
    expect(variants(rig)).toEqual([151, 152]);
    expect(rig.rounds).toMatchObject([
      { start: 100, frame: 0, roll: 0, batch: 2 },
      { start: 50, frame: 1, roll: 0, batch: 2 },
    ]);
    expect(rig.picking).toBe(1);
  });

  it('rerolls with other noise, and back() returns to the roll that was picked from', async () => {
    const rig = await readyRig();
    const { pick } = rig.stores;
    await pick.begin();
    await pick.reroll();
    await pick.reroll();
    expect(variants(rig)).toEqual([69, 70]);
    await pick.take(0);
    await pick.back();
    expect(await values(rig)).toEqual([]);
    expect(rig.rounds.map(({ frame, roll }) => [frame, roll])).toEqual([
      [0, 0],
      [0, 1],
      [0, 2],
      [1, 0],
      [0, 2],
    ]);
    await pick.take(1);
    expect(await values(rig)).toEqual([70]);
  });

  it('stores each pick with its variant and settings, and the abandoned branch', async () => {
    const [device, storage] = [new Device(), new Map<string, string>()];
    const rig = new Rig(storage, device);
    await rig.ready();
    rig.stores.settings.set({ mode: 'pick', seed: 0, batchSize: 3 });
    await rig.stores.pick.begin();
    await rig.stores.pick.reroll();
    await rig.stores.pick.take(2);
    await rig.stores.pick.back();
    await rig.stores.pick.take(0);
    await rig.stores.autosave.whenSettled();

    device.crash();
    const after = new Rig(storage, device);
    after.load();
    await Promise.all([after.stores.projects.reopen(), after.stores.model.whenReady()]);
    const { animation, pick, settings } = after.stores;
    expect(settings.getState().values).toMatchObject({ mode: 'pick', batchSize: 3 });
    const nodes = [...animation.getState().tree.nodes];
    expect(nodes.map(({ parent, variant }) => [parent, variant])).toEqual([
      [0, variantOf(1, 2)],
      [0, variantOf(1, 0)],
    ]);
    expect(nodes[0]).toMatchObject({ model: 'Shapes', settings: { mode: 'pick', seed: 0, batchSize: 3 } });
    expect(await values(after)).toEqual(await values(rig));
    await pick.back();
    expect(after.rounds).toMatchObject([{ start: 100, frame: 0, roll: 1, batch: 3 }]);
  });

  it('picks a finished variant before the others are finished', async () => {
    const rig = await readyRig();
    const { pick } = rig.stores;
    rig.nextCandidate.shut();
    const begun = pick.begin();
    await until(pick, ({ round }) => Boolean(round?.variants[0]?.candidate));
    rig.nextCandidate.open();
    await Promise.all([pick.take(0), begun]);
    expect(await values(rig)).toEqual([49]);
    expect(pick.getState().round?.number).toBe(2);
  });

  it('sends the worker the hovered variant and whether to speculate, and shows the time saved', async () => {
    const rig = await readyRig();
    const { pick, preferences } = rig.stores;
    await pick.begin();
    pick.lookAt(1);
    pick.lookAt(1);
    preferences.setState({ speculative: false });
    // Messages are delivered in order, so all of these have arrived.
    await pick.reroll();
    rig.speculate({ kind: 'state', ready: [1], savedSeconds: 12, stepsAhead: 3 });
    await until(pick, ({ savedSeconds }) => savedSeconds === 12);
    expect(pick.getState().ready).toEqual([1]);
    expect(rig.activities).toEqual([
      { speculative: true, lookedAt: null },
      { speculative: true, lookedAt: 1 },
      { speculative: false, lookedAt: 1 },
    ]);
    pick.stop();
    expect(pick.getState()).toEqual({ round: null, ready: [], savedSeconds: 12 });
  });

  it('shows a speculative round immediately, without waiting for the worker', async () => {
    const rig = await readyRig();
    const { pick } = rig.stores;
    await pick.begin();
    makeAhead(rig, 1, [7, 8]);
    await until(pick, ({ ready }) => ready.includes(1));
    rig.nextCandidate.shut();
    const taken = pick.take(1);
    expect(pick.getState().round).toMatchObject({ number: 2, phase: 'done' });
    expect(variants(rig), 'synchronously with the click').toEqual([7, 8]);
    expect(pick.getState().ready).toEqual([]);
    rig.nextCandidate.open();
    await taken;
    expect(rig.rounds.at(-1), 'the worker still receives the round').toMatchObject({ start: 50, frame: 1 });
    expect(variants(rig)).toEqual([7, 8]);
    await pick.take(0);
    expect(await values(rig)).toEqual([50, 7]);
  });

  it('discards a speculative round after a change of settings, or if it belongs to another round', async () => {
    const rig = await readyRig();
    const { pick, settings } = rig.stores;
    await pick.begin();
    makeAhead(rig, 1, [7, 8]);
    await until(pick, ({ ready }) => ready.includes(1));
    settings.set({ seed: 3 });
    await pick.take(1);
    expect(variants(rig), 'another seed').toEqual([154, 155]);
    makeAhead(rig, 0, [7, 8], rig.roundName - 1);
    await until(pick, ({ ready }) => ready.includes(0));
    await pick.take(0);
    expect(variants(rig), 'of the previous round').not.toContain(7);
    makeAhead(rig, 0, [7, 8]);
    rig.speculate({ kind: 'state', ready: [], savedSeconds: 1, stepsAhead: 4 });
    await until(pick, ({ savedSeconds }) => savedSeconds === 1);
    await pick.take(0);
    expect(variants(rig), 'discarded by the worker').not.toContain(7);
  });

  it('ends, with its session, when a run starts or the animation is replaced', async () => {
    const rig = await readyRig();
    const { animation, generation, pick } = rig.stores;
    await pick.begin();
    const generating = generation.generate();
    expect(pick.getState().round).toBeNull();
    await pick.begin();
    expect(pick.getState().round, 'no round starts during a run').toBeNull();
    await generating;
    await pick.begin();
    expect(pick.getState().round?.number).toBe(4);
    expect(rig.picking).toBe(1);
    animation.startOver();
    expect(pick.getState().round).toBeNull();
    await pick.begin();
    expect(rig.picking, 'the old session is closed and one is open').toBe(1);
  });

  it('shows a notice of the worker', async () => {
    const rig = await readyRig();
    rig.notice = { kind: 'notice', code: 'device', message: 'The GPU was started again.' };
    await rig.stores.pick.begin();
    expect(variants(rig)).toHaveLength(2);
    expect(rig.stores.notices.getState().notices).toMatchObject([
      { kind: 'info', message: 'The GPU was started again.' },
    ]);
  });

  it('shows an error and keeps the frames on failure, and can be started again', async () => {
    const rig = await readyRig();
    const { notices, pick } = rig.stores;
    await pick.begin();
    rig.failures.set('pickRound', new DeviceError('device-lost', 'The GPU went away.', { remedy: 'Wait.' }));
    await pick.take(0);
    expect(await values(rig)).toEqual([49]);
    expect(pick.getState().round).toBeNull();
    expect(notices.getState().notices).toMatchObject([
      { message: 'The GPU went away.', kept: 'All frames picked so far are kept.' },
    ]);
    await pick.begin();
    expect(variants(rig)).toEqual([148, 149]);
  });

  it('refuses another size than that of the frames', async () => {
    const rig = await readyRig();
    const { pick, settings } = rig.stores;
    await pick.begin();
    await pick.take(0);
    settings.set({ width: 128 });
    await pick.reroll();
    expect(pick.getState().round).toBeNull();
    expect(settings.getState().problems.width?.suggestions).toEqual([64]);
  });

  it('asks for a picture when there is none', async () => {
    const rig = new Rig();
    rig.load();
    await rig.stores.pick.begin();
    expect(rig.stores.notices.getState().notices[0]?.message).toMatch(/no picture to start from/);
    expect(rig.rounds).toEqual([]);
  });
});

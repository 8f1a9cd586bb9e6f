import { describe, expect, it } from 'vitest';
import { DeviceError } from '../../../src/base/index.ts';
import { variantOf } from '../../../src/project/index.ts';
import { Device } from '../../support/project-storage.ts';
import { Rig, until, valueOf } from './rig.ts';

const values = (rig: Rig) => rig.stores.animation.getState().frames.map(({ picture }) => valueOf(picture));
const variants = (rig: Rig) =>
  rig.stores.pick.getState().round?.variants.map(({ candidate }) => valueOf(candidate?.picture));

async function readyRig(): Promise<Rig> {
  const rig = new Rig();
  await rig.ready();
  rig.stores.settings.set({ seed: 0 });
  return rig;
}

describe('picking by hand', () => {
  it('shows the variants as they are made, and takes one as the next frame', async () => {
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
    expect(values(rig), 'an unfinished one cannot be taken').toEqual([]);
    rig.nextCandidate.open();
    await begun;
    expect(pick.getState().round?.phase).toBe('done');
    await pick.take(1);
    expect(values(rig)).toEqual([50]);
    expect(rig.stores.animation.getState().frames[0]).toMatchObject({ number: 1, seconds: 1 });
    expect(variants(rig)).toEqual([151, 152]);
    expect(rig.rounds).toMatchObject([
      { start: 100, frame: 0, roll: 0, batch: 2 },
      { start: 50, frame: 1, roll: 0, batch: 2 },
    ]);
    expect(rig.picking).toBe(1);
  });

  it('rolls again with other noise, and comes back to the roll that was picked from', async () => {
    const rig = await readyRig();
    const { pick } = rig.stores;
    await pick.begin();
    await pick.reroll();
    await pick.reroll();
    expect(variants(rig)).toEqual([69, 70]);
    await pick.take(0);
    await pick.back();
    expect(values(rig)).toEqual([]);
    expect(rig.rounds.map(({ frame, roll }) => [frame, roll])).toEqual([
      [0, 0],
      [0, 1],
      [0, 2],
      [1, 0],
      [0, 2],
    ]);
    await pick.take(1);
    expect(values(rig)).toEqual([70]);
  });

  it('keeps what was picked with all that it takes to make it again, and the way that was left', async () => {
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
    const nodes = [...animation.getState().tree.nodes.values()];
    expect(nodes.map(({ parent, variant }) => [parent, variant])).toEqual([
      [0, variantOf(1, 2)],
      [0, variantOf(1, 0)],
    ]);
    expect(nodes[0]).toMatchObject({ model: 'Shapes', settings: { mode: 'pick', seed: 0, batchSize: 3 } });
    expect(values(after)).toEqual(values(rig));
    await pick.back();
    expect(after.rounds).toMatchObject([{ start: 100, frame: 0, roll: 1, batch: 3 }]);
  });

  it('makes a finished variant the next frame before the others are there', async () => {
    const rig = await readyRig();
    const { pick } = rig.stores;
    rig.nextCandidate.shut();
    const begun = pick.begin();
    await until(pick, ({ round }) => Boolean(round?.variants[0]?.candidate));
    rig.nextCandidate.open();
    await Promise.all([pick.take(0), begun]);
    expect(values(rig)).toEqual([49]);
    expect(pick.getState().round?.number).toBe(2);
  });

  it('tells the worker where the person looks and whether to work ahead, and what that saved', async () => {
    const rig = await readyRig();
    const { pick, preferences } = rig.stores;
    await pick.begin();
    pick.lookAt(1);
    pick.lookAt(1);
    preferences.setState({ speculative: false });
    // Messages keep their order, so by then all of these are there.
    await pick.reroll();
    rig.speculate({ ready: [1], savedSeconds: 12 });
    await until(pick, ({ savedSeconds }) => savedSeconds === 12);
    expect(pick.getState().ready).toEqual([1]);
    expect(rig.paces).toEqual([
      { speculative: true, lookedAt: null },
      { speculative: true, lookedAt: 1 },
      { speculative: false, lookedAt: 1 },
    ]);
    pick.stop();
    expect(pick.getState()).toEqual({ round: null, ready: [], savedSeconds: 12 });
  });

  it('ends when frames are made in another way or the animation is another, and its session with it', async () => {
    const rig = await readyRig();
    const { animation, generation, pick } = rig.stores;
    await pick.begin();
    const generating = generation.generate();
    expect(pick.getState().round).toBeNull();
    await pick.begin();
    expect(pick.getState().round, 'nothing begins during a run').toBeNull();
    await generating;
    await pick.begin();
    expect(pick.getState().round?.number).toBe(4);
    expect(rig.picking).toBe(1);
    animation.startOver();
    expect(pick.getState().round).toBeNull();
    await pick.begin();
    expect(rig.picking, 'one is closed and one is open').toBe(1);
  });

  it('tells what happened on the way and did no harm', async () => {
    const rig = await readyRig();
    rig.notice = 'The GPU was started again.';
    await rig.stores.pick.begin();
    expect(variants(rig)).toHaveLength(2);
    expect(rig.stores.notices.getState().notices).toMatchObject([
      { kind: 'info', message: 'The GPU was started again.' },
    ]);
  });

  it('says what went wrong, keeps the frames, and can be begun again', async () => {
    const rig = await readyRig();
    const { notices, pick } = rig.stores;
    await pick.begin();
    rig.failures.set('pickRound', new DeviceError('device-lost', 'The GPU went away.', { remedy: 'Wait.' }));
    await pick.take(0);
    expect(values(rig)).toEqual([49]);
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

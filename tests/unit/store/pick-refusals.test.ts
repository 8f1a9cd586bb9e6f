import { describe, expect, it } from 'vitest';
import { Rig, valuesOf } from './rig.ts';

async function picking(): Promise<Rig> {
  const rig = new Rig();
  await rig.ready();
  rig.stores.settings.set({ mode: 'pick', seed: 0 });
  await rig.stores.pick.begin();
  return rig;
}

describe('picking with an invalid field', () => {
  it('changes nothing, focuses the field, and keeps the round until it is corrected', async () => {
    const rig = await picking();
    const { pick, settings } = rig.stores;
    settings.edit('steps', '');
    await pick.take(0);
    await pick.take(1);
    await pick.take(0);
    expect(await valuesOf(rig)).toEqual([]);
    expect(settings.getState()).toMatchObject({ attention: { key: 'steps' } });
    expect(pick.getState().round).toMatchObject({ number: 1, phase: 'done' });
    settings.edit('steps', '4');
    await pick.take(1);
    expect(await valuesOf(rig)).toEqual([50]);
    expect(pick.getState().round?.number).toBe(2);
  });

  it('does not go back either', async () => {
    const rig = await picking();
    const { pick, settings } = rig.stores;
    await pick.take(0);
    settings.edit('steps', 'many');
    await pick.back();
    expect(await valuesOf(rig)).toHaveLength(1);
    expect(pick.getState().round).toMatchObject({ number: 2, phase: 'done' });
  });

  it('picks no variant of another size than the settings', async () => {
    const rig = await picking();
    const { pick, settings } = rig.stores;
    settings.edit('width', '128');
    await pick.take(0);
    await pick.take(1);
    expect(await valuesOf(rig)).toEqual([]);
    expect(settings.getState().problems.width?.suggestions).toEqual([64]);
    settings.edit('width', '64');
    await pick.take(0);
    await pick.take(1);
    expect(rig.stores.animation.getState().frames.length, 'each frame is made from the previous one').toBe(2);
  });
});

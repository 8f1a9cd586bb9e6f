import { describe, expect, it } from 'vitest';
import { Rig } from './rig.ts';

const messages = (rig: Rig) => rig.stores.notices.getState().notices.map(({ message }) => message);

describe('a link with settings', () => {
  it('opens the page with the settings that it was copied from, and with no others', async () => {
    const from = new Rig();
    await from.ready();
    from.stores.settings.set({
      mode: 'smooth',
      closeLoop: true,
      noiseShift: 0.25,
      positivePrompts: 'a & b|c=d #1',
    });
    await from.stores.settingsLink.copy();
    expect(from.clipboard).toMatch(/^https:\/\/drift\.example\/\?backend=cpu#settings:/);
    expect(messages(from)).toEqual(['The link is copied. It opens Drift with these settings.']);

    const to = new Rig();
    to.load();
    to.stores.settings.set({ steps: 7, closeLoop: false });
    to.address = from.clipboard ?? '';
    to.stores.settingsLink.open();
    await to.stores.model.whenReady();
    expect(to.stores.settings.getState().values).toEqual(from.stores.settings.getState().values);
    expect(to.address).toBe('https://drift.example/?backend=cpu');
  });

  it('has a way back', async () => {
    const rig = new Rig();
    await rig.ready();
    rig.stores.settings.set({ steps: 7 });
    rig.address = 'https://drift.example/#settings:mode=smooth&frames=2';
    rig.stores.settingsLink.open();
    expect(rig.stores.settings.getState().values).toMatchObject({ mode: 'smooth', frames: 2, steps: 20 });
    rig.stores.notices.getState().notices[0]?.actions[0]?.run();
    expect(rig.stores.settings.getState().values).toMatchObject({ mode: 'automatic', frames: 3, steps: 7 });
  });

  it('says what it leaves out', async () => {
    const rig = new Rig();
    await rig.ready();
    rig.address = 'https://drift.example/#settings:frames=2&steps=-1&colour=red';
    rig.stores.settingsLink.open();
    expect(rig.stores.settings.getState().values).toMatchObject({ frames: 2, steps: 20 });
    expect(messages(rig)).toEqual([
      'These settings come from the link. Left out, because they cannot be used: “steps”, “colour”.',
    ]);
  });

  it('that is none changes nothing', async () => {
    const rig = new Rig();
    await rig.ready();
    rig.stores.settings.set({ steps: 7 });
    rig.address = 'https://drift.example/#top';
    rig.stores.settingsLink.open();
    expect([rig.address, rig.stores.settings.getState().values.steps]).toEqual([
      'https://drift.example/#top',
      7,
    ]);
    expect(messages(rig)).toEqual([]);
  });

  it('that may not be copied says so', async () => {
    const rig = new Rig();
    await rig.ready();
    rig.clipboard = null;
    await rig.stores.settingsLink.copy();
    expect(rig.stores.notices.getState().notices).toMatchObject([
      { kind: 'error', remedy: 'Allow this page to use the clipboard, then try again.' },
    ]);
  });
});

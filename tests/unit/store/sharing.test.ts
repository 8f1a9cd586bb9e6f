import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultSettings } from '../../../src/project/index.ts';
import { settingsAddress, sharedSettings } from '../../../src/store/sharing.ts';
import { Rig } from './rig.ts';

const hashOf = (address: string) => new URL(address).hash;

describe('settings as a link', () => {
  it('open with the same settings and model, whatever the prompts say', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 80 }), fc.nat(), (positivePrompts, seed) => {
        const settings = { ...defaultSettings, positivePrompts, seed };
        const address = settingsAddress(
          'https://drift.example/a/?model=https://x.example/m.json#old',
          settings,
        );
        expect(sharedSettings(hashOf(address))).toEqual(settings);
        expect(new URL(address).searchParams.get('model')).toBe('https://x.example/m.json');
        // No server is told.
        expect(new URL(address).search).toBe('?model=https://x.example/m.json');
      }),
    );
  });

  it('keep what is good of a damaged link, and a page without one as it is', () => {
    const address = settingsAddress('https://drift.example/', { ...defaultSettings, seed: 5 });
    expect(
      sharedSettings(hashOf(address.replace('%22seed%22%3A5', '%22seed%22%3A-5')))?.seed,
    ).toBeUndefined();
    expect(sharedSettings(hashOf(address.replace('%22seed%22%3A5', '%22seed%22%3A-5')))?.steps).toBe(20);
    expect([
      sharedSettings(''),
      sharedSettings('#top'),
      sharedSettings('#settings={'),
      sharedSettings('#settings=7'),
    ]).toEqual([null, null, null, null]);
  });

  it('are copied as they are in force, and win over what the browser remembers', async () => {
    const rig = new Rig();
    await rig.ready();
    rig.stores.settings.set({ seed: 77, steps: 4 });
    await rig.stores.sharing.copyLink();
    const shared = sharedSettings(hashOf(rig.copied[0] ?? ''));
    expect(shared).toEqual(rig.stores.settings.getState().values);

    const remembered = new Map([['drift.settings:https://drift.example/model.json', '{"seed":1,"steps":9}']]);
    const other = new Rig(remembered);
    other.stores.settings.set(shared ?? {});
    other.load();
    await other.stores.model.whenReady();
    expect(other.stores.settings.getState().values).toEqual(rig.stores.settings.getState().values);
  });
});

import { describe, expect, it } from 'vitest';
import type { WantedModel } from '../../../src/store/index.ts';
import { base } from '../../support/install/tiny-source.ts';
import { tinyModelFiles } from '../../support/tiny-model.ts';
import { Rig, until } from './rig.ts';

const messages = (rig: Rig) => rig.stores.notices.getState().notices.map(({ message }) => message);

describe('settings link', () => {
  it('opens the page with exactly the settings that it was copied from', async () => {
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

  it('can be undone', async () => {
    const rig = new Rig();
    await rig.ready();
    rig.stores.settings.set({ steps: 7 });
    rig.address = 'https://drift.example/#settings:mode=smooth&frames=2';
    rig.stores.settingsLink.open();
    expect(rig.stores.settings.getState().values).toMatchObject({ mode: 'smooth', frames: 2, steps: 20 });
    rig.stores.notices.getState().notices[0]?.actions[0]?.run();
    expect(rig.stores.settings.getState().values).toMatchObject({ mode: 'automatic', frames: 3, steps: 7 });
  });

  it('reports invalid settings', async () => {
    const rig = new Rig();
    await rig.ready();
    rig.address = 'https://drift.example/#settings:frames=2&steps=-1&colour=red';
    rig.stores.settingsLink.open();
    expect(rig.stores.settings.getState().values).toMatchObject({ frames: 2, steps: 20 });
    expect(messages(rig)).toEqual([
      'These settings come from the link. Left out, because they cannot be used: “steps”, “colour”.',
    ]);
  });

  it('ignores other fragments', async () => {
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

  it('shows an error when the clipboard is denied', async () => {
    const rig = new Rig();
    await rig.ready();
    rig.clipboard = null;
    await rig.stores.settingsLink.copy();
    expect(rig.stores.notices.getState().notices).toMatchObject([
      { kind: 'error', remedy: 'Allow this page to use the clipboard, then try again.' },
    ]);
  });
});

const manifest = `${base}tiny/model.json`;

/** A rig that makes frames with an added model. */
async function using(wanted: WantedModel, rig = new Rig()): Promise<Rig> {
  rig.address = 'https://drift.example/?model=https%3A%2F%2Fother.example%2Fm.json&backend=cpu';
  await rig.stores.models.begin();
  await rig.stores.model.whenReady();
  rig.stores.models.get(wanted, 'Tiny');
  const { installed } = await until(
    rig.stores.models,
    ({ fetch, installed: there }) => !fetch && there?.[0]?.state === 'complete',
  );
  rig.stores.models.use(installed?.[0]?.id ?? '');
  await rig.stores.model.whenReady();
  return rig;
}

/** State of a page opened with this link. */
async function follow(link: string | null, rig = new Rig()): Promise<Rig> {
  rig.address = link ?? '';
  await rig.stores.models.begin();
  rig.stores.settingsLink.open();
  await rig.stores.model.whenReady();
  return rig;
}

describe('settings link with an installed model', () => {
  it('opens the model where it is installed, with the settings, without changing the stored choice', async () => {
    const from = await using({ kind: 'manifest', url: manifest });
    from.stores.settings.set({ steps: 7 });
    await from.stores.settingsLink.copy();
    expect(messages(from).at(-1)).toBe(
      'The link is copied. It opens Drift with these settings and this model.',
    );
    const link = new URL(from.clipboard ?? '');
    expect([...link.searchParams.keys()]).toEqual(['backend', 'installed']);

    const storage = new Map([['drift.model', 'null']]);
    const to = await follow(link.href, new Rig(storage, undefined, from.models));
    expect(to.loads).toEqual([{ kind: 'installed', id: 'hub.test-tiny' }]);
    expect(to.stores.settings.getState().values.steps).toBe(7);
    expect(storage.get('drift.model')).toBe('null');
    to.stores.models.use('hub.test-tiny');
    await to.stores.model.whenReady();
    expect([storage.get('drift.model'), to.address]).toEqual([
      '"hub.test-tiny"',
      'https://drift.example/?backend=cpu',
    ]);
  });

  it('offers to install a missing model, and uses it once installed', async () => {
    const from = await using({ kind: 'manifest', url: manifest });
    await from.stores.settingsLink.copy();
    const to = await follow(from.clipboard);
    expect(to.loads, 'a model is loaded meanwhile').toMatchObject([{ kind: 'url' }]);
    const offer = to.stores.notices.getState().notices.find(({ topic }) => topic === 'named');
    expect(offer?.message).toBe(`This link is made for a model that is not on this device: ${manifest}.`);
    expect(to.web.asked, 'nothing is fetched before the offer is accepted').toEqual([]);
    // Copied before the model is loaded: the link has the model in use.
    await to.stores.settingsLink.copy();
    expect(new URL(to.clipboard ?? '').searchParams.has('installed')).toBe(false);

    offer?.actions[0]?.run();
    expect(to.stores.models.getState().dialog).toEqual({ address: manifest });
    const { added } = await until(to.stores.models, (state) => state.added?.status === 'cost');
    if (added) to.stores.models.get(added.wanted, 'Tiny');
    await until(to.stores.model, ({ location }) => location?.kind === 'installed');
    expect(to.address).not.toContain('installed');
  });

  it('leaves out a model from a folder, and says so', async () => {
    const files = [...tinyModelFiles()].map(([path, bytes]) => ({ path, file: new Blob([bytes]) }));
    const from = await using({ kind: 'folder', name: 'mine', files });
    await from.stores.settingsLink.copy();
    expect(messages(from).at(-1)).toMatch(/but not with this model/);
    expect(new URL(from.clipboard ?? '').search).toBe('?backend=cpu');
  });

  it('with an invalid model name shows an error, and opens another model', async () => {
    const rig = await follow('https://drift.example/?installed=nonsense');
    expect(messages(rig)).toEqual(['“nonsense” is not the name of a model.']);
    expect(rig.stores.model.getState().status).toBe('ready');
  });
});

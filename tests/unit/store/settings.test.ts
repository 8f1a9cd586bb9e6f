import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { settingsSchema, defaultSettings } from '../../../src/project/index.ts';
import * as v from 'valibot';
import { Rig } from './rig.ts';

const manifest = v.parse(
  v.object({ size: v.number(), defaults: v.record(v.string(), v.unknown()) }),
  JSON.parse(readFileSync('public/models/builtin/model.json', 'utf8')),
);

const key = 'drift.settings:https://drift.example/model.json';

async function opened(storage: Map<string, string>): Promise<Rig> {
  const rig = new Rig(storage);
  rig.load();
  await rig.stores.model.whenReady();
  return rig;
}

describe('settings', () => {
  it('are restored on the next visit, and unchanged ones follow the defaults of the model', async () => {
    const storage = new Map<string, string>();
    const first = await opened(storage);
    first.stores.settings.edit('steps', '7');
    first.stores.settings.setPrompts('positivePrompts', 'a red boat|a storm');
    const second = await opened(storage);
    expect(second.stores.settings.getState().values).toEqual({
      ...defaultSettings,
      frames: 3,
      width: 64,
      height: 64,
      steps: 7,
      positivePrompts: 'a red boat|a storm',
    });
    expect(Object.keys(second.stores.settings.getState().changed).sort()).toEqual([
      'positivePrompts',
      'steps',
    ]);
  });

  it('are stored per model', async () => {
    const storage = new Map<string, string>();
    const first = await opened(storage);
    first.stores.settings.edit('steps', '7');
    const other = new Rig(storage);
    other.load('https://drift.example/other.json');
    await other.stores.model.whenReady();
    expect(other.stores.settings.getState().values.steps).toBe(20);
  });

  it('survive any damage to the stored values', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc
            .dictionary(fc.constantFrom('steps', 'width', 'seed', 'positivePrompts', 'x.y'), fc.jsonValue())
            .map((stored) => JSON.stringify(stored)),
        ),
        async (damaged) => {
          const rig = await opened(
            new Map([
              [key, damaged],
              ['drift.preferences', damaged],
            ]),
          );
          expect(v.is(settingsSchema, rig.stores.settings.getState().values)).toBe(true);
          expect(rig.stores.preferences.getState().fit).toMatch(/crop|stretch/);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('drop only the damaged value', async () => {
    const stored = { steps: 5, width: 500, seed: 'x', unknown: 1, guidanceScale: 2 };
    const rig = await opened(new Map([[key, JSON.stringify(stored)]]));
    expect(rig.stores.settings.getState().changed).toEqual({ steps: 5, guidanceScale: 2 });
  });

  it('work where storage is forbidden', async () => {
    const broken = new Map<string, string>();
    broken.get = () => {
      throw new DOMException('forbidden', 'SecurityError');
    };
    broken.set = () => {
      throw new DOMException('full', 'QuotaExceededError');
    };
    const rig = await opened(broken);
    rig.stores.settings.edit('steps', '9');
    rig.stores.preferences.setState({ loop: false });
    expect(rig.stores.settings.getState().values.steps).toBe(9);
  });

  it('reset to the defaults of the program and the model, and can be restored', async () => {
    const rig = await opened(new Map());
    const { settings } = rig.stores;
    settings.edit('steps', '9');
    settings.edit('width', 'wide');
    settings.commit('width');
    const changed = settings.reset();
    expect(settings.getState()).toMatchObject({
      values: { steps: 20, width: 64 },
      changed: {},
      drafts: {},
      problems: {},
    });
    settings.set(changed);
    expect(settings.getState().values.steps).toBe(9);
  });

  it('keep the last valid value while a field is invalid', async () => {
    const rig = await opened(new Map());
    const { settings } = rig.stores;
    settings.edit('width', '72');
    settings.edit('width', '721');
    expect(settings.getState().values.width).toBe(72);
    expect(settings.getState().problems).toEqual({});
    settings.commit('width');
    expect(settings.getState().problems.width?.suggestions).toEqual([720, 728]);
    expect(settings.getState().drafts.width).toBe('721');
    settings.set({ width: 720 });
    expect(settings.getState()).toMatchObject({ values: { width: 720 }, drafts: {}, problems: {} });
  });

  it('get a new seed', async () => {
    const rig = await opened(new Map());
    rig.stores.settings.newSeed();
    expect(rig.stores.settings.getState().values.seed).toBe(123_456);
  });
});

describe('before the model is loaded, fields show', () => {
  it('the defaults in the manifest of the built-in model', () => {
    const rig = new Rig();
    rig.load('https://drift.example/models/builtin/model.json');
    const { values, waiting } = rig.stores.settings.getState();
    expect(waiting).toBe(false);
    expect(values).toMatchObject({ ...manifest.defaults, width: manifest.size, height: manifest.size });
  });

  it('nothing for a model that was never here, and what it had for one that was', async () => {
    const storage = new Map<string, string>();
    const first = new Rig(storage);
    first.load();
    expect(first.stores.settings.getState().waiting).toBe(true);
    await first.stores.model.whenReady();
    expect(first.stores.settings.getState()).toMatchObject({ waiting: false, values: { frames: 3 } });
    first.stores.settings.edit('steps', '7');
    const second = new Rig(storage);
    second.load();
    expect(second.stores.settings.getState()).toMatchObject({
      waiting: false,
      values: { frames: 3, width: 64, steps: 7 },
      changed: { steps: 7 },
    });
  });

  it('the defaults of the program once it is clear that the model cannot be loaded', async () => {
    const rig = new Rig();
    rig.failures.set('load', new Error('no such model'));
    rig.load();
    await rig.stores.model.whenReady();
    expect(rig.stores.settings.getState()).toMatchObject({ waiting: false, values: defaultSettings });
  });
});

describe('recipes', () => {
  it('replace the settings they define, and report which fields differ afterwards', async () => {
    const { settings } = (await opened(new Map())).stores;
    settings.set({ seed: 7 });
    settings.setPrompts('positivePrompts', 'a red boat');
    settings.chooseRecipe('wild');
    const { base, values, byRecipe, recipe } = settings.getState();
    expect(recipe).toBe('wild');
    expect(values).toMatchObject({ repeats: 2 * base.repeats, seed: 7, positivePrompts: 'a red boat' });
    settings.edit('repeats', '3');
    expect(settings.getState().recipe).toBe('wild');
    expect(byRecipe.repeats).toBe(2 * base.repeats);

    settings.chooseRecipe('dream');
    expect(settings.getState().values).toEqual({ ...base, seed: 7, positivePrompts: 'a red boat' });
  });

  it('take other settings with them as one entry of the undo history', async () => {
    const { settings, history } = (await opened(new Map())).stores;
    const before = settings.getState().values;
    settings.chooseRecipe('loop', { seed: 7 });
    expect(settings.getState()).toMatchObject({ recipe: 'loop', values: { closeLoop: true, seed: 7 } });
    await history.undo();
    expect(settings.getState().values).toEqual(before);
  });

  it('apply to the model that is loading when chosen before it is ready', async () => {
    const rig = new Rig();
    rig.stores.settings.chooseRecipe('gentle');
    const early = rig.stores.settings.getState().values.frames;
    rig.load();
    await rig.stores.model.whenReady();
    const { values, byRecipe, base, recipe } = rig.stores.settings.getState();
    expect(recipe).toBe('gentle');
    expect(base.frames).not.toBe(defaultSettings.frames);
    expect(values.frames).toBe(byRecipe.frames);
    expect(values.frames).not.toBe(early);
  });

  it('are recognised on the next visit', async () => {
    const storage = new Map<string, string>();
    (await opened(storage)).stores.settings.chooseRecipe('loop');
    expect((await opened(storage)).stores.settings.getState().recipe).toBe('loop');
  });

  it('follow the mode', async () => {
    const { settings } = (await opened(new Map())).stores;
    settings.set({ mode: 'pick' });
    expect(settings.getState().recipe).toBe('hand');
    settings.set({ mode: 'automatic' });
    expect(settings.getState().recipe).toBe('dream');
  });
});

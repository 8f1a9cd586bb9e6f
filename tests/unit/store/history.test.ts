import { describe, expect, it } from 'vitest';
import { createHistory, historyCapacity } from '../../../src/store/history.ts';
import type { HistoryEntry } from '../../../src/store/history.ts';
import { Visits } from './faults/visits.ts';
import { Rig, file, until, valuesOf } from './rig.ts';

/** A history of numbers: each entry sets the number, and its undo sets the one before. */
function numbers() {
  const said: string[] = [];
  const errors: unknown[] = [];
  let value = 0;
  let mayChangeFrames = true;
  const history = createHistory({
    mayChangeFrames: () => mayChangeFrames,
    notices: { announce: (text) => said.push(text), error: (error) => errors.push(error) },
  });
  const put = (next: number) => () => {
    value = next;
    return true;
  };
  function entry(to: number, rest: Partial<HistoryEntry> = {}): HistoryEntry {
    const label = `${to}`;
    return { label, touches: 'settings', projects: [], undo: put(value), redo: put(to), ...rest };
  }
  return {
    history,
    said,
    errors,
    entry,
    put,
    value: () => value,
    set: (to: number, rest?: Partial<HistoryEntry>) => {
      const made = entry(to, rest);
      value = to;
      return history.record(made);
    },
    run: (isRunning: boolean) => {
      mayChangeFrames = !isRunning;
    },
  };
}

describe('a history', () => {
  it('goes back and forth one entry at a time, and says what it did', async () => {
    const { history, set, said, value } = numbers();
    set(1);
    set(2);
    await history.undo();
    await history.undo();
    await history.undo();
    expect(value()).toBe(0);
    await history.redo();
    expect(value()).toBe(1);
    expect(history.getState()).toMatchObject({ undo: { label: '1' }, redo: { label: '2' } });
    expect(said).toEqual(['Undone: 2.', 'Undone: 1.', 'Redone: 1.']);
  });

  it('has nothing to redo after something new was done', async () => {
    const { history, set, value } = numbers();
    set(1);
    set(2);
    await history.undo();
    set(3);
    expect(history.getState().redo).toBeNull();
    await history.redo();
    expect(value()).toBe(3);
  });

  it('is bounded by weight, and drops the oldest entries', async () => {
    const { history, set, value } = numbers();
    for (let to = 1; to <= historyCapacity + 5; to++) set(to);
    for (let turn = 0; turn < historyCapacity + 5; turn++) await history.undo();
    expect(value()).toBe(5);
    set(6, { weight: historyCapacity });
    expect(history.getState().undo?.label).toBe('6');
    set(7);
    await history.undo();
    await history.undo();
    expect(value(), 'the heavy entry no longer fits beside the new one').toBe(6);
  });

  it('leaves frames alone while a run makes more of them', async () => {
    const { history, set, value, run } = numbers();
    set(1, { touches: 'frames' });
    run(true);
    await history.undo();
    expect(value()).toBe(1);
    run(false);
    await history.undo();
    expect(value()).toBe(0);
  });

  it('removes an entry that cannot be undone, and goes on with the one before', async () => {
    const { history, set, value, said, errors } = numbers();
    set(1);
    set(2, { undo: () => false });
    set(3, {
      undo: () => {
        throw new Error('It is broken.');
      },
    });
    await history.undo();
    expect(errors).toMatchObject([{ message: 'It is broken.' }]);
    await history.undo();
    expect(errors).toMatchObject([{}, { code: 'not-undoable', message: '“2” could not be undone.' }]);
    expect(said).toEqual(['“3” could not be undone.', '“2” could not be undone.']);
    await history.undo();
    expect(value()).toBe(0);
  });

  it('undoes one entry out of order, and records nothing while it undoes', async () => {
    const { history, set, value, entry } = numbers();
    const first = set(1, {
      undo: () => {
        history.record(entry(9));
        return true;
      },
    });
    set(2);
    history.undoAlone(first);
    history.undoAlone(first);
    expect(history.getState().undo?.label).toBe('2');
    await history.undo();
    expect([value(), history.getState().undo]).toEqual([1, null]);
  });
});

describe('an undo that takes its time', () => {
  /** A history whose newest entry, 2 after 1, is undone or redone when the test says so. */
  function slow() {
    const rig = numbers();
    let end: (moved: boolean) => void = () => undefined;
    const begun: string[] = [];
    const slowly = (way: 'undo' | 'redo', to: number) => () => {
      begun.push(way);
      return new Promise<boolean>((resolve) => {
        end = (moved) => {
          if (moved) rig.put(to)();
          resolve(moved);
        };
      });
    };
    rig.set(1);
    rig.set(2, { undo: slowly('undo', 1), redo: slowly('redo', 2) });
    /** Requests an undo or redo, which runs at once. */
    const begin = (way: 'undo' | 'redo') => ({ done: rig.history[way]() });
    const finish = async ({ done }: { readonly done: Promise<void> }, moved = true) => {
      end(moved);
      await done;
    };
    return { ...rig, begin, finish, begun };
  }
  const labels = ({ history }: ReturnType<typeof numbers>) => {
    const { undo, redo } = history.getState();
    return [undo?.label ?? null, redo?.label ?? null];
  };

  it('lets what is done meanwhile be undone, which leaves nothing to redo', async () => {
    const rig = slow();
    const undoing = rig.begin('undo');
    rig.set(3);
    await rig.finish(undoing);
    expect(labels(rig)).toEqual(['3', null]);
    await rig.history.undo();
    await rig.history.undo();
    expect([rig.value(), ...labels(rig)]).toEqual([0, null, '1']);
  });

  it('keeps what is done during a redo after it', async () => {
    const rig = slow();
    await rig.finish(rig.begin('undo'));
    const redoing = rig.begin('redo');
    rig.set(3);
    await rig.finish(redoing);
    expect(labels(rig)).toEqual(['3', null]);
    await rig.history.undo();
    expect(labels(rig)).toEqual(['2', '3']);
  });

  it.each(['undo', 'redo'] as const)('and fails leaves only what was done meanwhile: %s', async (way) => {
    const rig = slow();
    if (way === 'redo') await rig.finish(rig.begin('undo'));
    const moving = rig.begin(way);
    rig.set(3);
    await rig.finish(moving, false);
    expect(labels(rig)).toEqual(['3', null]);
    await rig.history.undo();
    expect(labels(rig)).toEqual(['1', '3']);
  });

  it('is followed by the next one that was asked for', async () => {
    const rig = slow();
    const first = rig.begin('undo');
    const second = rig.history.undo();
    expect(rig.value()).toBe(2);
    await rig.finish(first);
    await second;
    expect([rig.value(), ...labels(rig)]).toEqual([0, null, '1']);
    expect(rig.said).toEqual(['Undone: 2.', 'Undone: 1.']);
  });

  it('is followed by none that was asked for before something else was done', async () => {
    const rig = slow();
    const first = rig.begin('undo');
    const second = rig.history.undo();
    rig.set(3);
    await rig.finish(first);
    await second;
    expect(labels(rig)).toEqual(['3', null]);
    expect(rig.begun).toEqual(['undo']);
  });

  it('is not redone once it was removed', async () => {
    const rig = slow();
    const undoing = rig.begin('undo');
    const { redo } = rig.history.getState();
    if (redo) rig.history.remove(redo);
    await rig.finish(undoing);
    expect(labels(rig)).toEqual(['1', null]);
  });
});

const frameCount = ({ stores }: Rig) => stores.animation.getState().frames.length;
const settingsOf = ({ stores }: Rig) => stores.settings.getState().values;

describe('settings', () => {
  it('that are typed are one entry until the field is left', async () => {
    const rig = new Rig();
    await rig.ready();
    const { settings, history } = rig.stores;
    const { undo: newest } = history.getState();
    const { steps, seed } = settingsOf(rig);
    for (const text of ['1', '12', '123']) settings.edit('steps', text);
    settings.commit('steps');
    settings.edit('steps', '7');
    settings.newSeed();
    expect(history.getState().undo?.label).toBe('Seed');
    await history.undo();
    expect(settingsOf(rig)).toMatchObject({ steps: 7, seed });
    await history.undo();
    expect(settingsOf(rig).steps).toBe(123);
    await history.undo();
    expect([settingsOf(rig).steps, history.getState().undo]).toEqual([steps, newest]);
    for (let turn = 0; turn < 3; turn++) await history.redo();
    expect(settingsOf(rig).steps).toBe(7);
    expect(settingsOf(rig).seed).not.toBe(seed);
  });

  it('that are typed again after an undo are undone to where that led', async () => {
    const rig = new Rig();
    await rig.ready();
    const { settings, history } = rig.stores;
    settings.setPrompts('positivePrompts', 'a');
    settings.setPrompts('positivePrompts', 'ab');
    await history.undo();
    const { positivePrompts } = settingsOf(rig);
    settings.setPrompts('positivePrompts', 'c');
    await history.undo();
    expect(settingsOf(rig).positivePrompts).toBe(positivePrompts);
  });

  it('that a recipe, a reset or another mode changed come back as one', async () => {
    const rig = new Rig();
    await rig.ready();
    const { settings, history } = rig.stores;
    settings.set({ steps: 7, repeats: 3 });
    const before = settingsOf(rig);
    settings.set({ mode: 'smooth' });
    settings.chooseRecipe('wild');
    settings.reset();
    const after = settingsOf(rig);
    for (let turn = 0; turn < 3; turn++) await history.undo();
    expect(settingsOf(rig)).toEqual(before);
    for (let turn = 0; turn < 3; turn++) await history.redo();
    expect(settingsOf(rig)).toEqual(after);
  });
});

describe('frames', () => {
  it('of a run, a step back and a deletion go and come back, which a reload remembers', async () => {
    const visits = new Visits();
    const rig = await visits.withFrames();
    const { animation, history } = rig.stores;
    const made = await valuesOf(rig);
    animation.goBackTo(1);
    animation.removeFrom(1);
    expect(frameCount(rig)).toBe(0);
    await history.undo();
    await history.undo();
    expect(await valuesOf(rig)).toEqual(made);
    await history.undo();
    expect([frameCount(rig), history.getState().redo?.label]).toEqual([0, 'Generate']);
    for (let turn = 0; turn < 2; turn++) await history.redo();
    expect(await valuesOf(rig)).toEqual(made.slice(0, 1));
    await rig.stores.autosave.whenSettled();
    expect(await valuesOf(await visits.reload())).toEqual(made.slice(0, 1));
    expect(await visits.orphans()).toEqual([]);
  });

  it('that were all deleted come back, also after another picture was chosen', async () => {
    const visits = new Visits();
    const rig = await visits.withFrames();
    const { animation, history, projects, autosave } = rig.stores;
    const made = await valuesOf(rig);
    animation.removeFrom(1);
    await animation.chooseStart(file('64x64:9'), 'other.png');
    await autosave.whenSettled();
    await projects.refresh();
    expect(projects.getState().list?.map(({ name }) => name)).toEqual(['other']);
    await history.undo();
    await history.undo();
    // Nothing of them is in memory any more, as after many other frames.
    await autosave.whenSettled();
    const after = await visits.reload();
    expect(await valuesOf(after)).toEqual(made);
    expect(await visits.orphans()).toEqual([]);
  });

  it('of a project that is no longer on the page stay as they are, which is said', async () => {
    const visits = new Visits();
    const rig = await visits.withFrames();
    const { animation, history, notices, projects } = rig.stores;
    animation.removeFrom(2);
    animation.startOver();
    await projects.remove(animation.getState().project?.id ?? '');
    notices.dismissTopic('deleted');
    await history.undo();
    expect(notices.getState().notices).toMatchObject([
      { kind: 'error', message: '“Delete frame” could not be undone.' },
    ]);
    expect(animation.getState().project).toBeNull();
  });

  it('picked by hand are taken back one pick at a time', async () => {
    const rig = new Rig();
    await rig.ready();
    const { pick, history, settings } = rig.stores;
    settings.set({ mode: 'pick', batchSize: 2, steps: 1 });
    await pick.begin();
    await pick.take(1);
    await pick.take(0);
    pick.stop();
    const made = await valuesOf(rig);
    await history.undo();
    expect([await valuesOf(rig), history.getState().redo?.label]).toEqual([made.slice(0, 1), 'Pick']);
    await history.redo();
    expect(await valuesOf(rig)).toEqual(made);
  });
});

describe('projects', () => {
  it('that were left, opened or deleted come back, with the settings that they had', async () => {
    const visits = new Visits();
    const rig = await visits.withFrames();
    const { animation, history, projects, settings, autosave } = rig.stores;
    const first = animation.getState().project?.id ?? '';
    const made = await valuesOf(rig);
    projects.create();
    await history.undo();
    expect(await valuesOf(rig)).toEqual(made);
    await history.redo();
    expect(animation.getState().project).toBeNull();

    settings.set({ seed: 99 });
    await projects.open(first);
    expect(settingsOf(rig).seed).toBe(7);
    await history.undo();
    expect([animation.getState().project, settingsOf(rig).seed]).toEqual([null, 99]);
    await history.redo();
    expect(await valuesOf(rig)).toEqual(made);

    await autosave.whenSettled();
    await projects.remove(first);
    await history.undo();
    await until(animation, ({ project }) => project?.id === first);
    expect(await valuesOf(rig)).toEqual(made);
    await history.redo();
    await projects.refresh();
    expect(projects.getState().list).toEqual([]);
    await history.undo();
    expect(await valuesOf(rig)).toEqual(made);
    expect(await valuesOf(await visits.reload())).toEqual(made);
  });

  it('that are deleted or come back take nothing from the page that was begun meanwhile', async () => {
    const visits = new Visits();
    const rig = await visits.withFrames();
    const { animation, history, projects, settings } = rig.stores;
    const first = animation.getState().project?.id ?? '';
    const listed = async () => {
      await projects.refresh();
      return projects.getState().list?.map(({ name }) => name);
    };

    // Another picture is chosen while the project on the page is being deleted.
    rig.decoding.shut();
    const removing = projects.remove(first);
    const choosing = animation.chooseStart(file('64x64:9'), 'other.png');
    await removing;
    rig.decoding.open();
    await choosing;
    expect(animation.getState().project?.name).toBe('other');
    expect(await listed()).toEqual(['other']);

    // Another one, and settings, while it comes back.
    await history.undo();
    rig.decoding.shut();
    const undoing = history.undo();
    const again = animation.chooseStart(file('64x64:8'), 'third.png');
    settings.set({ seed: 99 });
    await undoing;
    rig.decoding.open();
    await again;
    expect(animation.getState().project?.name).toBe('third');
    expect(settingsOf(rig).seed).toBe(99);
    await history.undo();
    await history.undo();
    expect(settingsOf(rig).seed, 'what was done meanwhile can be undone').toBe(7);
    expect(await listed()).toEqual(['start']);
  });
});

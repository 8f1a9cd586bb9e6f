import { describe, expect, it } from 'vitest';
import { createHistory, historyCapacity } from '../../../src/store/history.ts';
import type { HistoryEntry } from '../../../src/store/history.ts';
import { Visits } from './faults/visits.ts';
import { Rig, file, until, valuesOf } from './rig.ts';

/** A history of one number: each entry sets it, and its undo restores the previous value. */
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

describe('createHistory', () => {
  it('undoes and redoes one entry at a time, and announces each', async () => {
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

  it('clears redo after a new entry', async () => {
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

  it('does not undo changes of frames during a run', async () => {
    const { history, set, value, run } = numbers();
    set(1, { touches: 'frames' });
    run(true);
    await history.undo();
    expect(value()).toBe(1);
    run(false);
    await history.undo();
    expect(value()).toBe(0);
  });

  it('removes an entry that cannot be undone, and continues with the previous one', async () => {
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

  it('undoes one entry out of order, and records nothing while undoing', async () => {
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

describe('asynchronous undo', () => {
  /** A history whose newest entry (2 after 1) is undone or redone when the test continues it. */
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
    /** Requests an undo or redo, which starts at once. */
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

  it('keeps an entry recorded meanwhile, and clears redo', async () => {
    const rig = slow();
    const undoing = rig.begin('undo');
    rig.set(3);
    await rig.finish(undoing);
    expect(labels(rig)).toEqual(['3', null]);
    await rig.history.undo();
    await rig.history.undo();
    expect([rig.value(), ...labels(rig)]).toEqual([0, null, '1']);
  });

  it('keeps an entry recorded during a redo, after the redone one', async () => {
    const rig = slow();
    await rig.finish(rig.begin('undo'));
    const redoing = rig.begin('redo');
    rig.set(3);
    await rig.finish(redoing);
    expect(labels(rig)).toEqual(['3', null]);
    await rig.history.undo();
    expect(labels(rig)).toEqual(['2', '3']);
  });

  it.each(['undo', 'redo'] as const)(
    'drops its entry on failure and keeps the one recorded meanwhile: %s',
    async (way) => {
      const rig = slow();
      if (way === 'redo') await rig.finish(rig.begin('undo'));
      const moving = rig.begin(way);
      rig.set(3);
      await rig.finish(moving, false);
      expect(labels(rig)).toEqual(['3', null]);
      await rig.history.undo();
      expect(labels(rig)).toEqual(['1', '3']);
    },
  );

  it('runs the next requested undo afterwards', async () => {
    const rig = slow();
    const first = rig.begin('undo');
    const second = rig.history.undo();
    expect(rig.value()).toBe(2);
    await rig.finish(first);
    await second;
    expect([rig.value(), ...labels(rig)]).toEqual([0, null, '1']);
    expect(rig.said).toEqual(['Undone: 2.', 'Undone: 1.']);
  });

  it('drops an undo requested before a new entry was recorded', async () => {
    const rig = slow();
    const first = rig.begin('undo');
    const second = rig.history.undo();
    rig.set(3);
    await rig.finish(first);
    await second;
    expect(labels(rig)).toEqual(['3', null]);
    expect(rig.begun).toEqual(['undo']);
  });

  it('offers no redo if the entry was removed meanwhile', async () => {
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

describe('undo of settings', () => {
  it('groups typing into one entry until the field is committed', async () => {
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

  it('restores the value after the last undo when typing continues', async () => {
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

  it('restores everything that a recipe, a reset or a change of mode changed, as one entry', async () => {
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

describe('undo of frames', () => {
  it('undoes and redoes a run, going back and a deletion, and keeps the result after a reload', async () => {
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

  it('restores all deleted frames, even after another picture was chosen', async () => {
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
    // Their pictures have been evicted from memory, as after many other frames.
    await autosave.whenSettled();
    const after = await visits.reload();
    expect(await valuesOf(after)).toEqual(made);
    expect(await visits.orphans()).toEqual([]);
  });

  it('fails with an error when the project is no longer open', async () => {
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

  it('takes back picked frames one by one', async () => {
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

describe('undo of projects', () => {
  it('restores a project that was closed, opened or deleted, with its settings', async () => {
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

  it('does not overwrite what was started during a deletion or its undo', async () => {
    const visits = new Visits();
    const rig = await visits.withFrames();
    const { animation, history, projects, settings } = rig.stores;
    const first = animation.getState().project?.id ?? '';
    const listed = async () => {
      await projects.refresh();
      return projects.getState().list?.map(({ name }) => name);
    };

    // Another start picture is chosen while the project is being deleted.
    rig.decoding.shut();
    const removing = projects.remove(first);
    const choosing = animation.chooseStart(file('64x64:9'), 'other.png');
    await removing;
    rig.decoding.open();
    await choosing;
    expect(animation.getState().project?.name).toBe('other');
    expect(await listed()).toEqual(['other']);

    // Another start picture and other settings, while the project is being restored.
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
    expect(settingsOf(rig).seed, 'the change made meanwhile can be undone').toBe(7);
    expect(await listed()).toEqual(['start']);
  });
});

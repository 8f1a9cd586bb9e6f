import { describe, expect, it } from 'vitest';
import { Device } from '../../support/project-storage.ts';
import { Rig, file, until, valueOf, valuesOf as values } from './rig.ts';

const notices = (rig: Rig) => rig.stores.notices.getState().notices;
const act = (rig: Rig, label: string) => {
  const action = notices(rig)
    .flatMap(({ actions }) => actions)
    .find((candidate) => candidate.label === label);
  if (!action) throw new Error(`no notice offers “${label}”`);
  action.run();
};
const names = (rig: Rig) => rig.stores.projects.getState().list?.map(({ name, frames }) => [name, frames]);
const current = (rig: Rig): string => rig.stores.animation.getState().project?.id ?? '';
const kept = (rig: Rig) => rig.stores.autosave.whenSettled();

/** A page with a model and a start picture, after a run. */
async function withFrames(frames: number, rig = new Rig()): Promise<Rig> {
  await rig.ready();
  rig.stores.settings.set({ frames, seed: 7 });
  await rig.stores.generation.generate();
  return rig;
}

/** The page after a reload or a crash: same device and storage. */
class Visits {
  readonly device = new Device();
  readonly storage = new Map<string, string>();

  tab(): Rig {
    return new Rig(this.storage, this.device);
  }

  /** Kills the page and opens it again. */
  async reload(): Promise<Rig> {
    this.device.crash();
    const rig = this.tab();
    rig.load();
    await Promise.all([rig.stores.projects.reopen(), rig.stores.model.whenReady()]);
    return rig;
  }
}

describe('autosave', () => {
  it('stores the project automatically, and a reload restores it', async () => {
    const visits = new Visits();
    const before = await withFrames(3, visits.tab());
    expect(before.stores.animation.getState().unsaved).toBe(true);
    await kept(before);
    expect(before.stores.animation.getState().unsaved).toBe(false);
    expect(before.persisted).toBe(1);

    const opening = visits.tab();
    expect(opening.stores.projects.getState().reopening).toBe(true);
    const after = await visits.reload();
    expect(after.stores.projects.getState().reopening).toBe(false);
    expect(await values(after)).toEqual(await values(before));
    const { start, frames, project } = after.stores.animation.getState();
    expect([start?.name, valueOf(start?.picture), project?.name]).toEqual(['start.png', 100, 'start']);
    expect(frames.map(({ settings, number }) => [settings.seed, number])).toEqual([
      [7, 1],
      [7, 2],
      [7, 3],
    ]);
    expect(after.stores.settings.getState().values).toEqual(before.stores.settings.getState().values);
    expect(after.stores.player.getState().position).toBe(3);
    expect(notices(after)).toEqual([]);
  });

  it('continues after a crash with the same frames as an uninterrupted run', async () => {
    const whole = await withFrames(5);

    const visits = new Visits();
    const before = visits.tab();
    await before.ready();
    before.stores.settings.set({ frames: 5, seed: 7 });
    before.nextFrame.shut();
    void before.stores.generation.generate();
    await until(before.stores.animation, ({ frames }) => frames.length === 1);
    await kept(before);

    const after = await visits.reload();
    expect(await values(after)).toEqual((await values(whole)).slice(0, 1));
    after.stores.settings.set({ frames: 4 });
    await after.stores.generation.generate();
    expect(await values(after)).toEqual(await values(whole));
  });

  it('continues in smooth mode with the same frames, from the middle of a segment', async () => {
    const smooth = { mode: 'smooth', frames: 2, intermediate: 3, closeLoop: true, seed: 7 } as const;
    const broken = async (rig: Rig) => {
      await rig.ready();
      rig.stores.settings.set(smooth);
      rig.nextFrame.shut();
      void rig.stores.generation.generate();
      for (const count of [1, 2, 3]) {
        await until(rig.stores.animation, ({ frames }) => frames.length === count);
        if (count < 3) rig.nextFrame.open();
        rig.nextFrame.shut();
      }
      rig.stores.generation.stop();
      await kept(rig);
    };
    const planOf = async (rig: Rig) => {
      rig.nextFrame.open();
      await rig.stores.generation.generate();
      return rig.smoothCalls.at(-1);
    };
    const segments = (rig: Rig) => rig.stores.animation.getState().frames.map(({ leg }) => leg);

    const uninterrupted = new Rig();
    await broken(uninterrupted);
    const visits = new Visits();
    await broken(visits.tab());
    const after = await visits.reload();
    expect(after.stores.settings.getState().values).toMatchObject(smooth);
    expect(segments(after)).toEqual([
      undefined,
      { step: 1, of: 3, home: false },
      { step: 2, of: 3, home: false },
    ]);
    expect(await planOf(after)).toEqual(await planOf(uninterrupted));
    expect(await values(after)).toEqual(await values(uninterrupted));
    expect(segments(after)).toEqual(segments(uninterrupted));
    expect(segments(after).at(-1)).toEqual({ step: 3, of: 3, home: true });
  });

  it('stores every change of settings, even just before a reload', async () => {
    const visits = new Visits();
    const before = await withFrames(1, visits.tab());
    await kept(before);
    before.stores.settings.set({ steps: 9, positivePrompts: 'a reef' });
    const after = await visits.reload();
    expect(after.stores.settings.getState().values).toMatchObject({
      steps: 9,
      positivePrompts: 'a reef',
      seed: 7,
    });
  });

  it('stores a start picture and its size before there are frames', async () => {
    const visits = new Visits();
    const before = visits.tab();
    await before.ready();
    before.stores.settings.set({ width: 128 });
    await before.stores.animation.whenRead();
    await kept(before);
    const after = await visits.reload();
    await after.stores.animation.whenRead();
    expect(after.stores.animation.getState().start).toMatchObject({
      name: 'start.png',
      picture: { width: 128, height: 64 },
    });
    // The start picture can still be cropped again from its original file.
    after.stores.settings.set({ width: 256 });
    await after.stores.animation.whenRead();
    expect(after.stores.animation.getState().start?.picture.width).toBe(256);
  });

  it('keeps the file of the start picture, however often it is resized', async () => {
    const visits = new Visits();
    const before = visits.tab();
    await before.ready();
    await kept(before);
    const after = await visits.reload();
    for (const width of [64, 128, 256]) {
      after.stores.settings.set({ width });
      await after.stores.animation.whenRead();
      await kept(after);
      expect(after.stores.animation.getState().start?.picture.width).toBe(width);
    }
    expect(notices(after)).toEqual([]);
    const last = await visits.reload();
    await last.stores.animation.whenRead();
    expect(last.stores.animation.getState().start?.picture.width).toBe(256);
    expect(notices(last)).toEqual([]);
  });

  it('can resize the start picture after the project it came from was deleted permanently', async () => {
    const visits = new Visits();
    await kept(await withFrames(1, visits.tab()));
    const rig = await visits.reload();
    const { animation, projects, settings } = rig.stores;
    const first = current(rig);
    animation.startOver();
    await kept(rig);
    await projects.remove(first);
    rig.stores.notices.dismissTopic('deleted');
    await expect.poll(() => rig.device.files.folderNames()).toEqual([current(rig)]);
    settings.set({ width: 128 });
    await animation.whenRead();
    expect(notices(rig), 'no notice offers the deleted project').toEqual([]);
    expect(animation.getState().start?.picture.width).toBe(128);
  });

  it('opens an empty page after the browser cleared its storage', async () => {
    const visits = new Visits();
    await kept(await withFrames(2, visits.tab()));
    visits.device.crash();
    const after = new Rig(visits.storage, new Device());
    await after.stores.projects.reopen();
    expect(after.stores.animation.getState()).toMatchObject({ start: null, reading: false });
    expect(notices(after)).toEqual([]);
  });

  it('reports frames lost by the browser, and continues from the remaining ones', async () => {
    const visits = new Visits();
    const before = await withFrames(3, visits.tab());
    await kept(before);
    visits.device.files.lose(current(before), '0000002.png');
    const after = await visits.reload();
    expect(await values(after)).toEqual((await values(before)).slice(0, 1));
    expect(notices(after)).toMatchObject([{ message: '2 frames are lost.' }]);
  });
});

describe('a full disk or another storage failure', () => {
  it('shows an error, keeps the frames in memory, allows an export, and recovers when there is room', async () => {
    const rig = new Rig();
    await rig.ready();
    await kept(rig);
    rig.device.files.quota = rig.device.files.used;
    rig.stores.settings.set({ frames: 3 });
    await rig.stores.generation.generate();
    await kept(rig);
    expect(await values(rig)).toHaveLength(3);
    expect(rig.stores.animation.getState().unsaved).toBe(true);
    const storageError = notices(rig).find(({ kind }) => kind === 'error');
    expect(storageError).toMatchObject({
      message: 'There is no room left on this device to keep frames.',
      kept: 'What you have made is still here, as long as this tab is open.',
    });

    act(rig, 'Export project');
    await until(rig.stores.projects, ({ job }) => rig.saved.length > 0 && job === null);
    expect(rig.saved.map(({ name }) => name)).toEqual(['start.drift']);
    expect(notices(rig), 'the disk is still full').toContain(storageError);
    const other = new Rig();
    other.load();
    await other.stores.model.whenReady();
    await other.stores.projects.importFile(asFile(rig.saved[0]?.file));
    expect(await values(other)).toEqual(await values(rig));

    rig.device.files.quota = Number.POSITIVE_INFINITY;
    rig.stores.autosave.retry();
    await kept(rig);
    expect(rig.stores.animation.getState().unsaved).toBe(false);
    expect(notices(rig).filter(({ kind }) => kind === 'error')).toEqual([]);
    expect(rig.device.files.names().filter((name) => name.includes('/0'))).toHaveLength(3);
  });

  it('shows a warning while there is still room for some frames', async () => {
    const rig = new Rig();
    await rig.ready();
    await kept(rig);
    rig.device.files.quota = rig.device.files.used + 20e6 + 1000;
    rig.stores.settings.set({ frames: 2 });
    await rig.stores.generation.generate();
    await kept(rig);
    expect(notices(rig).map(({ kind, message }) => [kind, message.slice(0, 56)])).toEqual([
      ['info', 'Storage is nearly full: there is room for about 3 more f'],
    ]);
  });

  it('in one project, or a missing project, does not prevent others from being stored', async () => {
    const rig = await withFrames(1);
    await kept(rig);
    const gone = current(rig);
    const keeper = rig.device.tab();
    rig.device.crash();
    await keeper.purge(gone);
    rig.stores.settings.set({ frames: 2 });
    await rig.stores.generation.generate();
    await kept(rig);
    expect(rig.stores.autosave.getState()).toMatchObject({ status: 'stuck', stuck: [gone] });
    expect(notices(rig)).toMatchObject([{ message: 'This project is no longer there.' }]);

    await rig.stores.animation.chooseStart(file('other'), 'other.png');
    await rig.stores.generation.generate();
    await kept(rig);
    expect([rig.stores.autosave.isKept(current(rig)), rig.stores.animation.getState().unsaved]).toEqual([
      true,
      false,
    ]);
    await rig.stores.projects.refresh();
    expect(names(rig)).toEqual([['other', 2]]);
  });

  it('does not prevent generation and download in a browser without storage', async () => {
    const rig = new Rig();
    rig.device.files.beforeWrite = () => {
      throw new DOMException('No.', 'SecurityError');
    };
    await withFrames(2, rig);
    await kept(rig);
    expect(notices(rig)[0]?.message).toBe('This browser does not let Drift keep projects.');
    await rig.stores.exporter.download('gif');
    expect(rig.saved).toHaveLength(1);
    expect(rig.stores.animation.getState().unsaved).toBe(false);
  });

  it('loses nothing when the worker dies: the next one gets the pending writes', async () => {
    const rig = new Rig();
    await rig.ready();
    await kept(rig);
    rig.killProjects('out of memory');
    rig.device.crash();
    rig.stores.settings.set({ frames: 2 });
    await rig.stores.generation.generate();
    await kept(rig);
    rig.stores.autosave.retry();
    await kept(rig);
    expect(rig.projectWorkers).toBe(2);
    expect(rig.device.files.names().filter((name) => name.includes('/0'))).toHaveLength(2);
  });
});

describe('a project open in two tabs', () => {
  it('is read-only in the second, which shows a notice and can continue with a copy', async () => {
    const visits = new Visits();
    const first = await withFrames(2, visits.tab());
    await kept(first);
    const second = visits.tab();
    second.load();
    await Promise.all([second.stores.projects.reopen(), second.stores.model.whenReady()]);
    expect(await values(second)).toEqual(await values(first));
    expect(notices(second)).toMatchObject([
      { message: '“start” is open in another tab. Here it can be watched and downloaded.' },
    ]);
    await second.stores.generation.generate();
    expect(second.generateCalls).toEqual([]);
    second.stores.settings.set({ steps: 3 });
    await kept(second);
    expect(second.stores.autosave.getState().status).toBe('kept');

    act(second, 'Make a copy');
    await until(second.stores.animation, ({ project }) => project?.name === 'start (copy)');
    await second.stores.animation.whenRead();
    await second.stores.generation.generate();
    await kept(second);
    await first.stores.generation.generate();
    await kept(first);
    expect(await values(first)).toHaveLength(4);
    await first.stores.projects.refresh();
    expect(names(first)).toEqual([
      ['start', 4],
      ['start (copy)', 4],
    ]);
  });

  it('can be taken over by the second once the first is closed', async () => {
    const visits = new Visits();
    const first = await withFrames(2, visits.tab());
    await kept(first);
    const second = visits.tab();
    second.load();
    await Promise.all([second.stores.projects.reopen(), second.stores.model.whenReady()]);
    await first.stores.generation.generate();
    await kept(first);
    visits.device.crash();
    act(second, 'Open here');
    await until(second.stores.animation, ({ project, reading }) => project?.readOnly === false && !reading);
    expect(await values(second)).toEqual(await values(first));
    expect(notices(second)).toEqual([]);
  });
});

describe('project list', () => {
  it('shows a thumbnail of each, and opening one restores its frames and settings', async () => {
    const rig = await withFrames(2);
    const first = { id: current(rig), values: await values(rig) };
    await rig.stores.animation.chooseStart(file('reef'), 'Coral reef.jpeg');
    rig.stores.settings.set({ frames: 1, seed: 9 });
    await rig.stores.generation.generate();
    await kept(rig);
    await rig.stores.projects.refresh();
    expect(names(rig)).toEqual([
      ['Coral reef', 1],
      ['start', 2],
    ]);
    const urls = rig.stores.projects.getState().list?.map(({ url }) => url) ?? [];
    expect(urls.every((url) => url !== null && rig.liveUrls.has(url))).toBe(true);

    await rig.stores.projects.open(first.id);
    expect(await values(rig)).toEqual(first.values);
    expect(rig.stores.settings.getState().values).toMatchObject({ seed: 7, frames: 2 });
    await rig.stores.projects.refresh();
    expect(urls.some((url) => url !== null && rig.liveUrls.has(url))).toBe(false);
  });

  it('create() leaves the page empty', async () => {
    const rig = await withFrames(3);
    await kept(rig);
    rig.stores.projects.create();
    expect(rig.stores.animation.getState()).toMatchObject({ start: null, project: null });
    expect(rig.stores.animation.getState().frames).toHaveLength(0);
  });

  it('renames, also the open project', async () => {
    const rig = await withFrames(1);
    await kept(rig);
    await rig.stores.projects.rename(current(rig), '  Reef at night ');
    expect(names(rig)).toEqual([['Reef at night', 1]]);
    expect(rig.stores.animation.getState().project?.name).toBe('Reef at night');
    await rig.stores.projects.rename(current(rig), '  ');
    expect(names(rig)).toEqual([['Reef at night', 1]]);
  });

  it('duplicates', async () => {
    const rig = await withFrames(2);
    await rig.stores.projects.refresh();
    await rig.stores.projects.duplicate(current(rig));
    expect(names(rig)).toEqual([
      ['start (copy)', 2],
      ['start', 2],
    ]);
  });

  it('deletes with an offer to restore, and permanently once that is dismissed', async () => {
    const rig = await withFrames(2);
    const before = { id: current(rig), values: await values(rig) };
    await kept(rig);
    await rig.stores.projects.refresh();
    await rig.stores.projects.remove(before.id);
    expect(names(rig)).toEqual([]);
    expect(rig.stores.animation.getState().start).toBeNull();
    act(rig, 'Bring back');
    await until(rig.stores.animation, ({ frames }) => frames.length === 2);
    expect([current(rig), await values(rig)]).toEqual([before.id, before.values]);

    await rig.stores.projects.remove(before.id);
    rig.stores.notices.dismiss(notices(rig)[0]?.id ?? 0);
    await expect.poll(() => rig.device.files.names()).toEqual([]);
  });

  it('deletes a project without frames with an offer to restore', async () => {
    const rig = new Rig();
    await rig.ready();
    await kept(rig);
    const id = current(rig);
    await rig.stores.projects.remove(id);
    act(rig, 'Bring back');
    await until(rig.stores.animation, ({ start }) => start !== null);
    expect([current(rig), notices(rig)]).toEqual([id, []]);
    await rig.stores.projects.refresh();
    expect(names(rig)).toEqual([['start', 0]]);
  });

  it('does not contain a start picture that was replaced before any frame was made', async () => {
    const rig = new Rig();
    await rig.ready();
    await rig.stores.animation.chooseStart(file('other'), 'other.png');
    await kept(rig);
    await rig.stores.projects.refresh();
    expect(names(rig)).toEqual([['other', 0]]);
  });

  it('contains the previous project after starting over', async () => {
    const rig = await withFrames(2);
    rig.stores.animation.startOver();
    rig.stores.settings.set({ frames: 1 });
    await rig.stores.generation.generate();
    await kept(rig);
    await rig.stores.projects.refresh();
    expect(names(rig)).toEqual([
      ['start', 1],
      ['start', 2],
    ]);
  });

  it('exports a project and imports it again after it was deleted', async () => {
    const rig = await withFrames(3);
    const before = await values(rig);
    await rig.stores.projects.exportFile(current(rig));
    await rig.stores.projects.refresh();
    await rig.stores.projects.remove(current(rig));
    expect(names(rig)).toEqual([]);
    const done = await rig.stores.projects.importFile(asFile(rig.saved[0]?.file));
    expect(done).toBe(true);
    expect(await values(rig)).toEqual(before);
    await rig.stores.projects.refresh();
    expect(names(rig)).toEqual([['start', 3]]);
  });

  it('rejects a damaged file with an error, and changes nothing', async () => {
    const rig = await withFrames(2);
    await kept(rig);
    const before = { values: await values(rig), names: rig.device.files.names() };
    expect(await rig.stores.projects.importFile(asFile(file('no project')))).toBe(false);
    expect(notices(rig)).toMatchObject([{ kind: 'error', kept: 'Nothing that was there has changed.' }]);
    expect({ values: await values(rig), names: rig.device.files.names() }).toEqual(before);
    expect(rig.stores.projects.getState().job).toBeNull();
  });
});

describe('branches', () => {
  it('from an earlier frame keep the previous branch, and nextBranch() switches between them', async () => {
    const visits = new Visits();
    const rig = await withFrames(3, visits.tab());
    const first = await values(rig);
    rig.stores.animation.goBackTo(1);
    expect(await values(rig)).toEqual(first.slice(0, 1));
    expect(rig.stores.player.getState().position).toBe(1);
    rig.stores.settings.set({ seed: 8, frames: 2 });
    await rig.stores.generation.generate();
    const second = await values(rig);
    expect(second[0]).toBe(first[0]);
    expect(second[1]).not.toBe(first[1]);
    await kept(rig);

    const after = await visits.reload();
    expect(await values(after)).toEqual(second);
    after.stores.projects.nextBranch(2);
    expect(await values(after)).toEqual(first);
    after.stores.projects.nextBranch(2);
    expect(await values(after)).toEqual(second);
    await kept(after);
    expect(await values(await visits.reload())).toEqual(second);
  });

  it('that were deleted can be restored, also after a reload', async () => {
    const visits = new Visits();
    const rig = await withFrames(3, visits.tab());
    const all = await values(rig);
    rig.stores.animation.removeFrom(2);
    expect(await values(rig)).toEqual(all.slice(0, 1));
    expect(notices(rig)).toMatchObject([{ message: '2 frames were deleted.' }]);
    act(rig, 'Bring back');
    expect(await values(rig)).toEqual(all);
    await kept(rig);
    const after = await visits.reload();
    expect(await values(after)).toEqual(all);

    after.stores.animation.removeFrom(3);
    await kept(after);
    const last = await visits.reload();
    expect(await values(last)).toEqual(all.slice(0, 2));
    last.stores.settings.set({ frames: 1 });
    await last.stores.generation.generate();
    expect(await values(last)).toEqual(all);
  });

  it('can be restored after all frames were deleted and the start picture was resized', async () => {
    const visits = new Visits();
    const rig = await withFrames(3, visits.tab());
    const all = await values(rig);
    rig.stores.animation.removeFrom(1);
    rig.stores.settings.set({ width: 128 });
    await rig.stores.animation.whenRead();
    await kept(rig);
    expect(rig.stores.animation.getState().start?.picture.width).toBe(128);
    act(rig, 'Bring back');
    expect(rig.stores.animation.getState().start?.picture.width).toBe(64);
    await kept(rig);
    const after = await visits.reload();
    expect(await values(after)).toEqual(all);
    expect(after.stores.animation.getState().start?.picture.width).toBe(64);
    expect(notices(after)).toEqual([]);
  });

  it('can be restored after their project was closed and opened again', async () => {
    const rig = await withFrames(3);
    const all = await values(rig);
    const id = current(rig);
    rig.stores.animation.removeFrom(2);
    await kept(rig);
    await rig.stores.projects.open(id);
    act(rig, 'Bring back');
    expect(await values(rig)).toEqual(all);
    await kept(rig);
    await rig.stores.projects.open(id);
    expect(await values(rig)).toEqual(all);
  });

  it('number frames along their branch: going back and continuing equals an uninterrupted run', async () => {
    const whole = await withFrames(4);
    const rig = await withFrames(4);
    rig.stores.animation.goBackTo(2);
    rig.stores.settings.set({ frames: 2 });
    await rig.stores.generation.generate();
    expect(await values(rig)).toEqual(await values(whole));
    expect(rig.generateCalls.map(({ firstFrame }) => firstFrame)).toEqual([0, 2]);
  });
});

function asFile(blob: Blob | undefined): File {
  if (!blob) throw new Error('nothing was saved');
  return new File([blob], 'project.drift');
}

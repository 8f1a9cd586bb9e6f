import { describe, expect, it } from 'vitest';
import { defaultSettings, madeWithNote } from '../../../src/project/index.ts';
import { utf8 } from '../../support/bytes.ts';
import { StoredFile } from '../../support/storage/stored-file.ts';
import { Rig, file, until, valueOf, valuesOf as values } from './rig.ts';

const picture = (name: string, content = `64x64:${/\d+/.exec(name)?.[0] ?? '100'}`) => ({
  name,
  file: file(content),
});
const pictures = (...all: string[]) => all.map((name) => picture(name));
const zip = (name: string) => ({ name, file: new Blob(['zip']) });
const video = (name: string) => ({ name, file: new Blob(['video']) });
const notices = (rig: Rig) => rig.stores.notices.getState().notices;
const kept = (rig: Rig) => rig.stores.autosave.whenSettled();

const press = (rig: Rig, label: string) => {
  const action = notices(rig)
    .flatMap(({ actions }) => actions)
    .find((each) => each.label === label);
  if (!action) throw new Error(`There is no button ${label}.`);
  action.run();
};

async function ready(): Promise<Rig> {
  const rig = new Rig();
  rig.load();
  await rig.stores.model.whenReady();
  return rig;
}

async function projectNames({ stores: { projects } }: Rig) {
  await projects.refresh();
  return projects
    .getState()
    .list?.map(({ name, frames }) => [name, frames])
    .sort();
}

/** An exported project. */
async function exported(start: string, frames: number): Promise<Blob> {
  const rig = new Rig();
  await rig.ready();
  rig.stores.settings.set({ frames });
  await rig.stores.generation.generate();
  await kept(rig);
  const { project } = rig.stores.animation.getState();
  await rig.stores.projects.rename(project?.id ?? '', start);
  await rig.stores.projects.exportFile(project?.id ?? '');
  const saved = rig.saved.at(-1)?.file;
  if (!saved) throw new Error('nothing was saved');
  return saved;
}

describe('imported pictures', () => {
  it('become frames in natural order, the first is the start, and generation continues from the last', async () => {
    const rig = await ready();
    expect(await rig.stores.projects.importFiles(pictures('10.png', '9.png', '7.png'))).toBe(true);
    expect(await values(rig)).toEqual([7, 9, 10]);
    const { start, project } = rig.stores.animation.getState();
    expect([valueOf(start?.picture), project?.name]).toEqual([7, '7']);
    expect(rig.stores.player.getState().position).toBe(3);
    expect(notices(rig)).toMatchObject([{ message: '3 pictures became a project. Missing numbers: 8.' }]);

    rig.stores.settings.set({ frames: 1 });
    await rig.stores.generation.generate();
    expect(rig.generateCalls.map(({ firstFrame, start: from }) => [firstFrame, valueOf(from)])).toEqual([
      [3, 10],
    ]);
    await kept(rig);
    expect(await projectNames(rig)).toEqual([['7', 4]]);
    await rig.stores.exporter.download('gif');
    expect(rig.encoded[0]?.values.slice(0, 3)).toEqual([7, 9, 10]);
  });

  it('get the size of the first, with the chosen fit, and the notice says so', async () => {
    const rig = await ready();
    rig.stores.preferences.setState({ fit: 'stretch' });
    await rig.stores.projects.importFiles([picture('1.png', '128x96:1'), picture('2.png', '64x64:2')]);
    const { frames } = rig.stores.animation.getState();
    expect(frames.map(({ width, height }) => [width, height])).toEqual([
      [128, 96],
      [128, 96],
    ]);
    expect(new Set(rig.decodeSizes)).toEqual(new Set(['128x96 stretch']));
    expect(rig.stores.settings.getState().values).toMatchObject({ width: 128, height: 96 });
    expect(notices(rig)[0]?.message).toContain('1 had another size than the first and was stretched to it.');
  });

  it('are copied, so the original files can be deleted after the import', async () => {
    const rig = new Rig();
    await rig.ready();
    const { animation, autosave, notices, projects, settings } = rig.stores;
    const contents = { bytes: utf8('64x64:5'), flushed: null, version: 0, removed: false, locked: false };
    const chosen = new StoredFile('1.png', contents);
    await projects.importFiles([
      { name: '1.png', file: chosen },
      { name: '2.png', file: file('64x64:6') },
    ]);
    contents.removed = true;
    await autosave.whenSettled();
    animation.removeFrom(1);
    settings.set({ width: 128 });
    await animation.whenRead();
    expect(notices.getState().notices.filter(({ kind }) => kind === 'error')).toEqual([]);
    expect(animation.getState().start?.picture.width).toBe(128);
    await autosave.whenSettled();
    expect(autosave.getState()).toMatchObject({ status: 'kept' });
  });

  it('become the start picture when single, or a project when imported as frames', async () => {
    const rig = await ready();
    await rig.stores.projects.importFiles(pictures('a/fox 5.png'));
    expect(rig.stores.animation.getState()).toMatchObject({
      start: { name: 'fox 5.png' },
      frames: { length: 0 },
    });
    await rig.stores.projects.importFiles(pictures('6.png'), { frames: true });
    expect(await values(rig)).toEqual([6]);
  });

  it('are listed in the notice when they cannot be read, and the others are imported', async () => {
    const rig = await ready();
    const files = [...pictures('1.png', '2.png'), picture('3.png', 'bad')];
    expect(await rig.stores.projects.importFiles(files)).toBe(true);
    expect(await values(rig)).toEqual([1, 2]);
    expect(notices(rig)[0]?.message).toBe(
      '2 pictures became a project. 1 could not be read: 3.png (It is damaged).',
    );
  });

  it('change nothing when none of them can be read', async () => {
    const rig = await ready();
    await rig.stores.projects.importFiles(pictures('1.png', '2.png'));
    const before = await values(rig);
    expect(await rig.stores.projects.importFiles([picture('3.png', 'bad'), picture('4.png', 'bad')])).toBe(
      false,
    );
    expect(notices(rig).at(-1)).toMatchObject({
      message: '3.png: It is damaged.',
      kept: 'Nothing that was there has changed.',
    });
    expect(await values(rig)).toEqual(before);
  });

  it('leave out other files and folders, and the notice offers to import those', async () => {
    const rig = await ready();
    rig.archive = pictures('8.png', '9.png');
    const files = [
      ...pictures(
        'fox/1.png',
        'fox/2.png',
        'fox/out.gif',
        'fox/._1.png',
        'fox/depth/5.png',
        'fox/depth/6.png',
      ),
      zip('fox/backup.zip'),
      { name: 'fox/video.mp4', file: new Blob(['video'], { type: 'video/mp4' }) },
    ];
    await rig.stores.projects.importFiles(files);
    expect(await values(rig)).toEqual([1, 2]);
    const [notice] = notices(rig);
    expect(notice?.message).toBe(
      '2 pictures became a project. Left out: out.gif, depth (2 pictures), fox/backup.zip (2 pictures), video.mp4.',
    );
    expect(notice?.actions.map(({ label }) => label)).toEqual([
      'Make a project of “out.gif”',
      'Make a project of “depth”',
      'Make a project of “fox/backup.zip”',
    ]);
    notice?.actions[1]?.run();
    await until(rig.stores.animation, ({ project }) => project?.name === '5');
    expect(await values(rig)).toEqual([5, 6]);
    await kept(rig);
    expect(await projectNames(rig)).toEqual([
      ['1', 2],
      ['5', 2],
    ]);
  });

  it('are read from archives, each of which becomes a project', async () => {
    const rig = await ready();
    rig.archive = pictures('frames/0000001.png', 'frames/0000000.png', '__MACOSX/frames/._0000001.png');
    expect(await rig.stores.projects.importFiles([zip('a.zip'), zip('b.zip')])).toBe(true);
    expect(await values(rig)).toEqual([0, 1]);
    await kept(rig);
    expect(await projectNames(rig)).toEqual([
      ['0000000', 2],
      ['0000000', 2],
    ]);
  });

  it('give an error when there are none, or when an archive cannot be read', async () => {
    const rig = await ready();
    rig.archive = pictures('notes.txt');
    expect(await rig.stores.projects.importFiles([zip('empty.zip')])).toBe(false);
    expect(notices(rig).at(-1)?.message).toBe('There are no pictures in there.');
    rig.archive = null;
    expect(await rig.stores.projects.importFiles([zip('cut.zip')])).toBe(false);
    expect(notices(rig).at(-1)?.message).toBe('cut.zip: The archive has no end.');
    expect(await rig.stores.projects.importFiles([...pictures('1.png', '2.png'), zip('cut.zip')])).toBe(true);
    expect(notices(rig).at(-1)?.message).toBe(
      '2 pictures became a project. 1 could not be read: cut.zip (The archive has no end).',
    );
    await rig.stores.projects.importFiles([...pictures('3.png'), zip('cut.zip')]);
    expect(rig.stores.animation.getState().start?.name).toBe('3.png');
    expect(notices(rig).map(({ message }) => message)).toContain(
      '1 could not be read: cut.zip (The archive has no end).',
    );
    expect(await rig.stores.projects.importFiles([])).toBe(false);
    expect(notices(rig).at(-1)?.message).toBe('What was dropped is not a file.');
  });
});

describe('imported projects', () => {
  it('are recognised whatever the file name, and the notice offers pictures beside them', async () => {
    const [fox, owl] = [await exported('Fox', 2), await exported('Owl', 3)];
    const rig = await ready();
    rig.archive = [
      { name: 'Owl/project.json', file: owl },
      { name: 'Owl/start.png', file: owl },
      { name: 'Owl/frames/0000001.png', file: owl },
    ];
    const files = [
      { name: 'fox.drift', file: fox },
      { name: 'owl.zip', file: owl },
      ...pictures('1.png', '2.png'),
    ];
    expect(await rig.stores.projects.importFiles(files)).toBe(true);
    expect(await projectNames(rig)).toEqual([
      ['Fox', 2],
      ['Owl', 3],
    ]);
    expect(rig.stores.animation.getState().project?.name).toBe('Owl');
    expect(notices(rig).at(-1)).toMatchObject({
      message: 'Left out: the pictures (2 pictures).',
      actions: [{ label: 'Make a project of “the pictures”' }],
    });
  });
});

describe('settings in imported files', () => {
  const note = madeWithNote({
    models: ['tiny'],
    settings: { ...defaultSettings, seed: 77, positivePrompts: 'a café' },
    frames: 5,
  });

  it('are offered with a picture, and applying them can be undone', async () => {
    const rig = await ready();
    rig.texts = ['a text of another program', note];
    rig.stores.settings.set({ seed: 5 });
    await rig.stores.projects.importFiles(pictures('fox.png'));
    expect(rig.stores.animation.getState().start?.name).toBe('fox.png');
    expect(rig.stores.settings.getState().values.seed).toBe(5);
    press(rig, 'Use its settings');
    expect(rig.stores.settings.getState().values).toMatchObject({ seed: 77, positivePrompts: 'a café' });
    expect(notices(rig).at(-1)?.message).toBe(
      'The settings are now those of “fox.png”. It was made with tiny.',
    );
    press(rig, 'Bring back mine');
    expect(rig.stores.settings.getState().values.seed).toBe(5);
  });

  it('are offered with pictures that become a project', async () => {
    const rig = await ready();
    rig.texts = [note];
    await rig.stores.projects.importFiles(pictures('1.png', '2.png'));
    expect(await values(rig)).toEqual([1, 2]);
    press(rig, 'Use its settings');
    expect(rig.stores.settings.getState().values.seed).toBe(77);
  });

  it('are read from a video, without invalid values', async () => {
    const rig = await ready();
    rig.texts = [note.replace(/"steps":\d+/, '"steps":-1,"strength":3')];
    const steps = rig.stores.settings.getState().values.steps;
    expect(await rig.stores.projects.importFiles([video('a.mp4')])).toBe(true);
    expect(rig.stores.settings.getState().values).toMatchObject({ seed: 77, steps });
    expect(notices(rig).at(-1)?.message).toContain(
      'Left out, because they cannot be used: “steps”, “strength”.',
    );
    press(rig, 'Bring back mine');
    expect(rig.stores.settings.getState().values.seed).not.toBe(77);
  });

  it('are not mentioned when there are none', async () => {
    const rig = await ready();
    rig.texts = ['{"program":"another"}', '{'];
    const before = rig.stores.settings.getState().values;
    expect(await rig.stores.projects.importFiles([video('a.webm')])).toBe(true);
    expect(notices(rig)).toMatchObject([
      { kind: 'info', message: '“a.webm” has more than one frame: they can become a project.' },
    ]);
    expect(rig.stores.settings.getState().values).toEqual(before);
    await rig.stores.projects.importFiles(pictures('fox.png'));
    expect(notices(rig)).toHaveLength(1);
  });
});

describe('animations and videos', () => {
  const film = (name: string, content = '64x64:4,5,6') => ({ name, file: new Blob([content]) });

  it('are the start picture when single, and the notice offers their frames as a project', async () => {
    const rig = await ready();
    await rig.stores.projects.importFiles([film('a/fox.gif')]);
    expect(valueOf(rig.stores.animation.getState().start?.picture)).toBe(4);
    expect(await values(rig)).toEqual([]);
    expect(notices(rig)).toMatchObject([
      { message: '“fox.gif” has more than one frame: they can become a project.' },
    ]);
    press(rig, 'Make a project of “fox.gif”');
    await until(rig.stores.animation, ({ frames }) => frames.length === 3);
    expect(await values(rig)).toEqual([4, 5, 6]);
    expect(notices(rig).at(-1)?.message).toBe('3 frames of “fox.gif” became a project.');
  });

  it('play at the frame rate of the file, in the settings of the mode', async () => {
    const rig = await ready();
    await rig.stores.projects.importFiles([film('fox.gif')], { frames: true });
    expect(rig.stores.settings.getState().values.frameRate).toBe(12.5);
    rig.stores.settings.set({ mode: 'smooth' });
    await rig.stores.projects.importFiles([film('fox.mp4')], { frames: true });
    expect(rig.stores.settings.getState().values.smoothFrameRate).toBe(12.5);
  });

  it('each become a project when several are chosen as frames', async () => {
    const rig = await ready();
    await rig.stores.projects.importFiles([film('a.mp4'), film('b.webm', '64x64:7,8')], { frames: true });
    expect(await values(rig)).toEqual([7, 8]);
    await kept(rig);
    expect(await projectNames(rig)).toEqual([
      ['a', 3],
      ['b', 2],
    ]);
  });

  it('are offered beside other pictures', async () => {
    const rig = await ready();
    await rig.stores.projects.importFiles([...pictures('1.png', '2.png'), film('out.gif'), film('out.mp4')]);
    expect(await values(rig)).toEqual([1, 2]);
    expect(notices(rig).at(-1)?.message).toBe('2 pictures became a project. Left out: out.gif, out.mp4.');
    press(rig, 'Make a project of “out.mp4”');
    await until(rig.stores.animation, ({ frames }) => frames.length === 3);
    expect(await values(rig)).toEqual([4, 5, 6]);
  });

  it('change nothing when their import is cancelled', async () => {
    const rig = await ready();
    rig.decoding.shut();
    const importing = rig.stores.projects.importFiles([film('fox.gif')], { frames: true });
    await until(rig.stores.projects, ({ job }) => job?.text === 'Reading the pictures' && job.of === 1);
    rig.stores.projects.cancel();
    expect(await importing).toBe(false);
    expect(rig.stores.animation.getState().frames).toHaveLength(0);
    expect(notices(rig)).toEqual([]);
  });
});

describe('files of imported frames', () => {
  it('are released once the project is stored, and kept while it cannot be', async () => {
    const rig = await ready();
    await rig.stores.projects.importFiles(pictures('1.png', '2.png'));
    await expect.poll(() => rig.released).toEqual([1]);
    rig.device.files.disk.quota = rig.device.files.disk.used;
    await rig.stores.projects.importFiles(pictures('3.png', '4.png'));
    await kept(rig);
    expect(rig.stores.autosave.getState().status).toBe('stuck');
    expect(rig.released).toEqual([1]);
  });
});

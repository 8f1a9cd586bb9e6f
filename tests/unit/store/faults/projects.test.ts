import { openArchive } from '../../../../src/project/archive.ts';
import type { Rig } from '../rig.ts';
import { file, until } from '../rig.ts';
import { Visits, comeBack, press, projectOf, testActions } from './visits.ts';
import type { Action } from './visits.ts';

/** Two projects, the first of them open. */
async function withCopy(visits: Visits): Promise<Rig> {
  const rig = await visits.withFrames();
  await rig.stores.projects.duplicate(projectOf(rig));
  return rig;
}

/** Opens the newest project. */
async function openLast(rig: Rig): Promise<void> {
  await rig.stores.projects.refresh();
  const ids = rig.stores.projects.getState().list?.map(({ id }) => id) ?? [];
  await rig.stores.projects.open(ids.sort().at(-1) ?? '');
}

/** Waits until a deleted project is restored, or an error is shown. */
async function backOrTold({ stores: { animation, notices } }: Rig): Promise<void> {
  const errors = ({ notices: shown }: ReturnType<typeof notices.getState>) =>
    shown.reduce((sum, { kind, count }) => sum + (kind === 'error' ? count : 0), 0);
  const before = errors(notices.getState());
  await Promise.race([
    until(animation, ({ project }) => project !== null),
    until(notices, (state) => errors(state) > before),
  ]);
}

/** A `.drift` file with two frames. */
let archive: Promise<Blob> | undefined;
const makeArchive = async () => {
  const rig = await new Visits().withFrames();
  await rig.stores.projects.exportFile(projectOf(rig));
  return rig.saved[0]?.file ?? new Blob();
};

const actions: readonly Action[] = [
  {
    name: 'leaving a project for a new one',
    before: (visits) => visits.withFrames(),
    act: ({ stores }) => {
      stores.projects.create();
    },
  },
  {
    name: 'leaving a project for a new one, Undo and Redo',
    before: (visits) => visits.withFrames(),
    act: async ({ stores: { projects, history } }) => {
      projects.create();
      await history.undo();
      await history.redo();
    },
  },
  {
    name: 'opening another project',
    before: withCopy,
    act: openLast,
  },
  {
    name: 'reopening the page',
    before: async (visits) => {
      await visits.withFrames();
      return visits.nextTab();
    },
    act: comeBack,
  },
  {
    name: 'renaming',
    before: (visits) => visits.withFrames(),
    act: (rig) => rig.stores.projects.rename(projectOf(rig), 'Reef'),
  },
  {
    name: 'duplicating',
    before: (visits) => visits.withFrames(),
    act: (rig) => rig.stores.projects.duplicate(projectOf(rig)),
  },
  {
    name: 'importing a project',
    before: (visits) => visits.withFrames(),
    act: async ({ stores }) => stores.projects.importFile(await (archive ??= makeArchive())),
    again: async (rig) => {
      await rig.stores.projects.refresh();
      // The project may exist although opening it failed.
      if (rig.stores.projects.getState().list?.length === 2) await openLast(rig);
      else await rig.stores.projects.importFile(await (archive ??= makeArchive()));
    },
  },
  {
    name: 'importing pictures',
    before: (visits) => visits.withFrames(),
    act: ({ stores }) =>
      stores.projects.importFiles([
        { name: 'walk/1.png', file: file('64x64:5') },
        { name: 'walk/2.png', file: file('64x64:6') },
      ]),
  },
  {
    name: 'exporting the project',
    before: (visits) => visits.withStoredFrames(),
    act: (rig) => rig.stores.projects.exportFile(projectOf(rig)),
    result: async ({ saved }) => {
      const file = saved.at(-1)?.file;
      const opened = file && (await openArchive(file, new AbortController().signal));
      return opened?.document.frames.length;
    },
  },
  {
    name: 'exporting the frames',
    before: (visits) => visits.withStoredFrames(),
    act: ({ stores }) => stores.exporter.download('zip'),
    result: ({ encoded }) => encoded.at(-1)?.values,
  },
  {
    name: 'deleting the project',
    before: withCopy,
    act: (rig) => rig.stores.projects.remove(projectOf(rig)),
    deletes: true,
  },
  {
    name: 'deleting the project, Undo and Redo',
    before: withCopy,
    act: async (rig) => {
      await rig.stores.projects.remove(projectOf(rig));
      await rig.stores.history.undo();
      await rig.stores.history.redo();
    },
    deletes: true,
  },
  {
    name: 'deleting the project permanently',
    before: withCopy,
    act: async (rig) => {
      await rig.stores.projects.remove(projectOf(rig));
      rig.stores.notices.dismissTopic('deleted');
    },
    deletes: true,
  },
  {
    name: 'deleting the project and Undo',
    before: (visits) => visits.withFrames(),
    act: async (rig) => {
      await rig.stores.projects.remove(projectOf(rig));
      if (press(rig, 'Bring back')) await backOrTold(rig);
    },
    again: async (rig) => {
      if (press(rig, 'Bring back')) {
        await backOrTold(rig);
        return;
      }
      await rig.stores.projects.refresh();
      const [only] = rig.stores.projects.getState().list ?? [];
      if (only) await rig.stores.projects.open(only.id);
    },
    deletes: true,
  },
];

testActions(actions);

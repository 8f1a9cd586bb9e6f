import { describe, expect, it } from 'vitest';
import { openDatabase } from '../../../../src/project/database.ts';
import { Device } from '../../../support/project-storage.ts';
import { MemoryModels } from '../../../support/install/model-storage.ts';
import { exportAnimation, frameSource } from '../../../../workers/exporting.ts';
import { WorkerLocks } from '../../../../workers/locks.ts';
import { ScratchFiles } from '../../../../workers/scratch.ts';
import { readerOf, whileRead } from '../../../../src/project/index.ts';
import { MemoryLocks } from '../../../support/storage/web-locks.ts';
import type { LockClient } from '../../../support/storage/web-locks.ts';
import { failEachCall } from '../../../support/storage/faults.ts';
import type { StorageFault } from '../../../support/storage/faults.ts';
import { Rig, until, valueOf, valuesOf } from '../rig.ts';

const hour = 60 * 60 * 1000;

/** Successive visits of one page in one browser: storage persists, and can be made to fail. */
export class Visits {
  readonly device = new Device();
  readonly models = new MemoryModels();
  readonly #localStorage = new Map<string, string>();

  /** Web Locks of the browser, and the media worker of the current page. */
  readonly #locks = new MemoryLocks();
  #worker: LockClient | null = null;

  /** A page whose media worker exports files like the real one. */
  tab(): Rig {
    const rig = new Rig(this.#localStorage, this.device, this.models);
    const { files, locks } = this.device;
    const scratch = this.#scratch();
    rig.exporting = async ({ source, frames, ...request }, { signal, emit }) => {
      const control = { signal, onProgress: emit, createOutput: scratch.create };
      const value = await whileRead(locks, source.project, () =>
        exportAnimation(frameSource(readerOf(files, source), frames), request, control),
      );
      return { value, transfer: [] };
    };
    return rig;
  }

  #scratch(): ScratchFiles {
    this.#worker = this.#locks.client();
    return new ScratchFiles(() => this.device.files.disk.getDirectory(), new WorkerLocks(this.#worker));
  }

  /** A page with two stored frames. */
  async withFrames(): Promise<Rig> {
    const rig = this.tab();
    await rig.ready();
    rig.stores.settings.set({ frames: 2, steps: 1, seed: 7 });
    await rig.stores.generation.generate();
    await rig.stores.autosave.whenSettled();
    return rig;
  }

  /** Kills the page and opens it again; nothing has been read yet. */
  nextTab(): Rig {
    this.device.crash();
    this.#worker?.die();
    return this.tab();
  }

  async reload(): Promise<Rig> {
    const rig = this.nextTab();
    await comeBack(rig);
    return rig;
  }

  /** The same two frames after a reload, with no pixels in memory. */
  async withStoredFrames(): Promise<Rig> {
    await this.withFrames();
    return this.reload();
  }

  /** Files and records that belong to no project after all grace periods. */
  async orphans(): Promise<string[]> {
    this.device.crash();
    this.#worker?.die();
    await this.#scratch().tidy();
    this.device.now = new Date(this.device.now.getTime() + 2 * hour);
    const keeper = this.device.tab();
    await keeper.tidy();
    const projects = await keeper.list();
    for (const { id } of projects) await keeper.open(id, new AbortController().signal);
    await keeper.close();
    const database = await openDatabase(this.device.database, () => undefined);
    const named = new Set<string>();
    const retired: string[] = [];
    for (const { id } of projects) {
      const { record, frames } = await database.read(id);
      for (const file of [record.startFile, record.originalFile]) named.add(`${id}/${file ?? ''}`);
      for (const frame of frames) named.add(`${id}/${String(frame.id).padStart(7, '0')}.png`);
      retired.push(...(await database.retired(id)).map(({ file }) => file));
    }
    const records = (await database.ids()).filter((id) => !projects.some((project) => project.id === id));
    database.close();
    const scratch = this.device.files.disk.names('scratch');
    const unnamed = this.device.files.names().filter((name) => !named.has(name));
    return [...scratch, ...unnamed, ...retired, ...records];
  }
}

/** What the page does on opening. */
export async function comeBack(rig: Rig): Promise<void> {
  rig.load();
  await Promise.all([rig.stores.projects.reopen(), rig.stores.model.whenReady()]);
}

export async function settled({ stores }: Rig): Promise<void> {
  await stores.autosave.whenSettled();
  await until(stores.projects, ({ job }) => job === null);
  await stores.autosave.whenSettled();
}

/** Clicks an action of a notice. Returns false if no notice has it. */
export function press({ stores }: Rig, label: string): boolean {
  const actions = stores.notices.getState().notices.flatMap((notice) => notice.actions);
  const offer = actions.find((action) => action.label === label);
  offer?.run();
  return offer !== undefined;
}

export function projectOf({ stores }: Rig): string {
  return stores.animation.getState().project?.id ?? '';
}

/** Visible state: the animation on the page, and the list of projects. */
export async function seen(rig: Rig) {
  const { animation, projects } = rig.stores;
  await projects.refresh();
  const { project, start, frames } = animation.getState();
  const list = (projects.getState().list ?? []).map(({ name, frames }) => `${name}: ${frames}`).sort();
  return {
    page: project && {
      name: project.name,
      start: valueOf(start?.picture),
      frames: await valuesOf(rig),
      holds: frames.map(({ hold }) => hold),
    },
    list,
  };
}

/** Whether the page shows an error. */
function showsError({ stores }: Rig): boolean {
  const errors = stores.notices.getState().notices.filter(({ kind }) => kind === 'error');
  return errors.length > 0 || stores.autosave.getState().status === 'stuck';
}

/** A user action, and the state of the page before it. */
export interface Action {
  readonly name: string;
  readonly before: (visits: Visits) => Promise<Rig>;
  readonly act: (rig: Rig, visits: Visits) => unknown;
  /** The user's action after a failure; by default the same again. */
  readonly again?: (rig: Rig, visits: Visits) => unknown;
  /** Further results besides the page and the list. */
  readonly result?: (rig: Rig) => unknown;
  /** Whether frames may be missing until the action is complete, because it deletes them. */
  readonly deletes?: boolean;
}

export const faults: [StorageFault, { lasts: boolean }][] = [
  ['full', { lasts: true }],
  ['vanished', { lasts: false }],
  ['broken', { lasts: false }],
];

/**
 * Does something with each storage call failing in turn, and checks after each: no frame that was there is gone, the
 * page reports what failed, a retry gives the same result as without a fault, a reload shows the same, and
 * no file or record is orphaned.
 */
async function expectNothingLost(
  { before, act, again = act, result = () => null, deletes = false }: Action,
  fault: StorageFault,
  options: { readonly lasts: boolean },
): Promise<number> {
  const clean = new Visits();
  const rig = await before(clean);
  await act(rig, clean);
  await settled(rig);
  expect(showsError(rig), 'no error without a fault').toBe(false);
  const expected = { ...(await seen(rig)), result: await result(rig) };

  return failEachCall(
    fault,
    async (arm) => {
      const visits = new Visits();
      const rig = await before(visits);
      const had = (await seen(rig)).page?.frames ?? [];
      arm(visits.device.faults);
      await act(rig, visits);
      await settled(rig);
      visits.device.faults.disarm();
      const reported = showsError(rig);

      if (!deletes) expect(await framesAnywhere(rig)).toEqual(expect.arrayContaining(had));
      rig.stores.autosave.retry();
      await settled(rig);
      expect(rig.stores.autosave.getState()).toMatchObject({ status: 'kept', stuck: [] });
      const came = { ...(await seen(rig)), result: await result(rig) };
      if (JSON.stringify(came) !== JSON.stringify(expected)) {
        expect(reported, 'the page reports the error').toBe(true);
        await again(rig, visits);
        await settled(rig);
        expect({ ...(await seen(rig)), result: await result(rig) }).toEqual(expected);
      }
      expect(rig.stores.animation.getState().unsaved).toBe(false);

      const { page, list } = await seen(await visits.reload());
      expect({ page, list }).toEqual({ page: expected.page, list: expected.list });
      expect(await visits.orphans()).toEqual([]);
      expect(visits.device.files.disk.writers, 'files left open').toBe(0);
    },
    options,
  );
}

/** Frames on the page or in any stored project. */
async function framesAnywhere(rig: Rig): Promise<(number | undefined)[]> {
  const found = await valuesOf(rig);
  const keeper = rig.device.tab();
  for (const { id } of await keeper.list()) {
    const { document } = await keeper.open(id, new AbortController().signal);
    for (const frame of document.frames) found.push(valueOf(await rig.stores.pictures.load(id, frame)));
  }
  await keeper.close();
  return found;
}

/** Tests each action with each kind of fault: see `expectNothingLost`. */
export function testActions(actions: readonly Action[]): void {
  describe.each(faults)('when any storage call fails (%s %o)', (fault, options) => {
    it.each(actions)(
      '$name: loses nothing, reports the error or succeeds, and succeeds when retried',
      async (action) => {
        await expectNothingLost(action, fault, options);
      },
      600_000,
    );
  });
}

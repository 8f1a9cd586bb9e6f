import { createStore } from 'zustand/vanilla';
import type { StoreApi } from 'zustand/vanilla';
import * as v from 'valibot';
import { ProjectError, WorkerError } from '../base/index.ts';
import type { Picture } from '../base/index.ts';
import { childrenOf, keptSettingsSchema, startId, tipOf } from '../project/index.ts';
import type { ProjectDocument } from '../project/index.ts';
import type { Connection, mediaApi, projectsApi } from '../protocol/index.ts';
import type { AnimationStore, LoadedProject } from './animation.ts';
import type { Autosave, RoomReport } from './autosave.ts';
import type { Environment } from './environment.ts';
import type { Link } from './link.ts';
import type { NoticeAction, Notices } from './notices.ts';
import { keep } from './preferences.ts';
import type { Preferences } from './preferences.ts';
import { readSequence, sequenceWords } from './sequence.ts';
import type { NamedFile } from './sequence.ts';
import type { SettingsStore } from './settings.ts';

/** A project in the list. */
export interface ListedProject {
  readonly id: string;
  readonly name: string;
  /** When it last changed: an ISO 8601 time. */
  readonly changed: string;
  readonly frames: number;
  /** Where an `<img>` finds the picture that its animation ends with; null when there is none. */
  readonly url: string | null;
}

/** Something that takes a while. */
export interface ProjectJob {
  readonly text: string;
  readonly done: number;
  readonly of: number;
}

export interface ProjectsState {
  /** The projects on this device, the one that changed last first; null before they have been asked for. */
  readonly list: readonly ListedProject[] | null;
  readonly job: ProjectJob | null;
  /** What was open when the page was last left is on its way back. */
  readonly reopening: boolean;
}

export interface ProjectsStore extends StoreApi<ProjectsState> {
  /** Opens what was open when the page was last left. */
  readonly reopen: () => Promise<void>;
  readonly refresh: () => Promise<void>;
  /** Opens a project with the settings that it was left with. Returns whether it is on the page. */
  readonly open: (id: string) => Promise<boolean>;
  /** Leaves the project on the page and begins with none. */
  readonly create: () => void;
  readonly rename: (id: string, name: string) => Promise<void>;
  /** Copies a project; the copy is in the list. */
  readonly duplicate: (id: string) => Promise<void>;
  /** Deletes a project, with a way back. */
  readonly remove: (id: string) => Promise<void>;
  /** Hands a project over as a `.drift` file. */
  readonly exportFile: (id: string) => Promise<void>;
  /** Makes a project of a `.drift` file and opens it. A file that is refused changes nothing. */
  readonly importFile: (file: Blob) => Promise<boolean>;
  /**
   * Makes a project of pictures, or of the pictures in a ZIP, in natural order; those of another size than the first
   * are fitted as the preferences say. A picture that cannot be read changes nothing.
   */
  readonly importPictures: (files: readonly NamedFile[]) => Promise<boolean>;
  readonly cancel: () => void;
  /** Shows the next of the ways that part where a frame of the animation stands. */
  readonly nextWay: (position: number) => Promise<void>;
}

const lastKey = 'drift.project';
const lastSchema = v.object({ id: v.pipe(v.string(), v.uuid()), settings: keptSettingsSchema });

/** What cannot be kept is said under this topic until it can. */
const stuckTopic = 'storage';
const roomTopic = 'room';
const readOnlyTopic = 'read-only';
const deletedTopic = 'deleted';

/** Opening a project of more pictures than this takes long enough to show how far it is. */
const manyPictures = 30;

/** The person is warned when no more frames than this fit. */
const fewFrames = 30;
/** Browsers estimate roughly, and other things than frames take room. */
const reserve = 20e6;

/** The projects on this device: which there are, and which one is on the page. */
export function createProjects({
  link,
  media,
  preferences,
  autosave,
  animation,
  settings,
  notices,
  environment,
}: {
  link: Link<typeof projectsApi>;
  media: Link<typeof mediaApi>;
  preferences: StoreApi<Preferences>;
  autosave: Autosave;
  animation: AnimationStore;
  settings: SettingsStore;
  notices: Notices;
  environment: Pick<Environment, 'newId' | 'persist' | 'pictureUrls' | 'saveFile' | 'storage'>;
}): ProjectsStore & { readonly onRoom: (report: RoomReport) => void } {
  const { pictureUrls, storage } = environment;
  const store = createStore<ProjectsState>()(() => ({
    list: null,
    job: null,
    reopening: remembered(storage) !== null,
  }));
  let controller = new AbortController();
  let warned = false;
  let persisted = false;

  /** Asks the worker. One that died is replaced by the next question. */
  async function ask<T>(question: (worker: Connection<typeof projectsApi>) => Promise<T>): Promise<T> {
    const worker = link.current();
    try {
      return await question(worker);
    } catch (error) {
      if (error instanceof WorkerError) link.reset(worker);
      throw error;
    }
  }

  /** Does something that takes a while, shows how far it is, and shows what went wrong. Returns whether it is done. */
  async function job(
    text: string,
    task: (
      signal: AbortSignal,
      onProgress: (progress: { done: number; of: number }) => void,
    ) => Promise<void>,
    kept = '',
  ): Promise<boolean> {
    controller.abort();
    controller = new AbortController();
    const { signal } = controller;
    store.setState({ job: { text, done: 0, of: 0 } });
    try {
      await task(signal, ({ done, of }) => {
        if (!signal.aborted) store.setState({ job: { text, done, of } });
      });
      return !signal.aborted;
    } catch (error) {
      if (!signal.aborted) notices.error(error, { kept });
      return false;
    } finally {
      if (!signal.aborted) store.setState({ job: null });
    }
  }

  async function attempt(task: () => Promise<void>): Promise<void> {
    try {
      await task();
    } catch (error) {
      notices.error(error);
    }
  }

  /** What a project is called. */
  function nameOf(id: string): string {
    const { project } = animation.getState();
    if (project?.id === id) return project.name;
    return store.getState().list?.find((listed) => listed.id === id)?.name ?? 'project';
  }

  async function refresh(): Promise<void> {
    await autosave.whenSettled();
    const summaries = await ask((worker) => worker.call('list', {}));
    const before = store.getState().list ?? [];
    store.setState({
      list: summaries.map(({ picture, ...summary }) => ({
        ...summary,
        url: picture && pictureUrls.create(picture),
      })),
    });
    for (const { url } of before) if (url !== null) pictureUrls.revoke(url);
  }

  async function load(
    id: string,
    signal: AbortSignal,
    onProgress: (progress: { done: number; of: number }) => void,
  ): Promise<LoadedProject & { readonly lost: number }> {
    await autosave.whenSettled();
    const pictures = new Map<number, Picture>();
    const opened = await ask((worker) =>
      worker.call(
        'open',
        { id },
        {
          signal,
          onEvent: ({ id: picture, picture: data, done, of }) => {
            pictures.set(picture, data);
            onProgress({ done, of });
          },
        },
      ),
    );
    const { document, readOnly, original, nextId, lost } = opened;
    const { name, created } = document;
    return { project: { id, name, created, readOnly }, document, original, nextId, pictures, lost };
  }

  /** Opens a project; `settled` is what the settings become, given those that it was left with. */
  async function open(
    id: string,
    settled: (document: ProjectDocument) => ProjectDocument['settings'],
    onProgress: (progress: { done: number; of: number }) => void,
    stop?: AbortSignal,
  ): Promise<boolean> {
    const loaded = await animation.load(async (signal) => {
      const either = stop ? AbortSignal.any([signal, stop]) : signal;
      const result = await load(id, either, onProgress);
      either.throwIfAborted();
      return result;
    });
    if (!loaded) return false;
    const { project, document, lost } = loaded;
    warned = false;
    settings.set(settled(document));
    remember();
    notices.dismissTopic(readOnlyTopic);
    if (project.readOnly) tellReadOnly(project);
    if (lost > 0) tellLost(lost);
    return true;
  }

  function tellReadOnly({ id, name }: { readonly id: string; readonly name: string }) {
    notices.info(readOnlyTopic, `“${name}” is open in another tab. Here it can be watched and downloaded.`, [
      { label: 'Open here', run: () => void projects.open(id) },
      { label: 'Make a copy', run: () => void copyAndOpen(id, name) },
    ]);
  }

  function tellLost(lost: number) {
    notices.error(
      new ProjectError('frames-lost', `${lost === 1 ? '1 frame is' : `${lost} frames are`} lost.`, {
        remedy: 'The browser may have cleared them. Use an exported copy, if there is one.',
        details: { frames: lost },
      }),
      { kept: 'What came before is kept, and can be continued.' },
    );
  }

  async function copyAndOpen(id: string, name: string): Promise<void> {
    const copy = environment.newId();
    const done = await job('Copying the project', (signal) =>
      ask((worker) => worker.call('duplicate', { id, copy, name: copyName(name) }, { signal })),
    );
    if (done) await projects.open(copy);
  }

  function remember() {
    const { project } = animation.getState();
    keep(storage, lastKey, project && { id: project.id, settings: settings.getState().values });
  }

  animation.subscribe(({ project }, before) => {
    if (project?.id === before.project?.id) return;
    remember();
    warned = false;
    if (!project?.readOnly) notices.dismissTopic(readOnlyTopic);
  });
  settings.subscribe(({ values }, before) => {
    if (values !== before.values && animation.getState().project) remember();
  });
  animation.subscribe(({ frames }) => {
    if (persisted || frames.length === 0) return;
    persisted = true;
    void environment.persist();
  });

  const exportAction = (): NoticeAction[] => {
    const { project } = animation.getState();
    if (!project) return [];
    return [{ label: 'Export project', run: () => void projects.exportFile(project.id), stays: true }];
  };

  autosave.subscribe(({ status, error }, before) => {
    if (status === before.status) return;
    if (status === 'kept') notices.dismissTopic(stuckTopic);
    if (status !== 'stuck') return;
    notices.dismissTopic(stuckTopic);
    notices.error(error, {
      topic: stuckTopic,
      kept: 'What you have made is still here, as long as this tab is open.',
      actions: [{ label: 'Try again', run: autosave.retry }, ...exportAction()],
    });
  });

  const projects: ProjectsStore & { readonly onRoom: (report: RoomReport) => void } = {
    ...store,
    async reopen() {
      const last = remembered(storage);
      const text = 'Opening the project';
      try {
        if (last) {
          const onProgress = ({ done, of }: { done: number; of: number }) => {
            if (of > manyPictures) store.setState({ job: { text, done, of } });
          };
          await open(last.id, () => last.settings, onProgress, controller.signal);
        }
      } catch (error) {
        // Deleted in another tab: there is nothing to go on with.
        if (!(error instanceof ProjectError && error.code === 'project-gone')) notices.error(error);
      }
      store.setState(({ job }) => ({ reopening: false, job: job?.text === text ? null : job }));
      // Nobody asked for it: what stands in its way is told when something is to be kept.
      await ask((worker) => worker.call('tidy', {})).catch(() => undefined);
    },
    refresh: () => attempt(refresh),
    open: (id) =>
      job('Opening the project', async (signal, onProgress) => {
        await open(id, ({ settings: left }) => left, onProgress, signal);
      }),
    create() {
      animation.clear();
      notices.announce('A new project. Choose a picture to start from.');
    },
    rename: (id, name) =>
      attempt(async () => {
        const trimmed = name.trim().slice(0, 200);
        if (trimmed === '') return;
        await autosave.whenSettled();
        await ask((worker) => worker.call('rename', { id, name: trimmed }));
        if (animation.getState().project?.id === id) animation.rename(trimmed);
        await refresh();
      }),
    async duplicate(id) {
      await job('Copying the project', async (signal) => {
        await autosave.whenSettled();
        await ask((worker) =>
          worker.call('duplicate', { id, copy: environment.newId(), name: copyName(nameOf(id)) }, { signal }),
        );
        await refresh();
      });
    },
    remove: (id) =>
      attempt(async () => {
        const name = nameOf(id);
        const isOpen = animation.getState().project?.id === id;
        // What was deleted before cannot come back any more.
        notices.dismissTopic(deletedTopic);
        await autosave.whenSettled();
        await ask((worker) => worker.call('remove', { id }));
        if (isOpen) animation.clear('deleted');
        let wantedBack = false;
        const undo = () => {
          wantedBack = true;
          void attempt(async () => {
            await ask((worker) => worker.call('restore', { id }));
            await refresh();
            if (isOpen && !animation.getState().start) await projects.open(id);
          });
        };
        notices.info(deletedTopic, `“${name}” was deleted.`, [{ label: 'Undo', run: undo }], () => {
          if (!wantedBack) void attempt(() => ask((worker) => worker.call('purge', { id })));
        });
        await refresh();
      }),
    async exportFile(id) {
      await job('Writing the project', async (signal, onEvent) => {
        await autosave.whenSettled();
        const document = animation.getState().project?.id === id ? animation.document() : null;
        const current = document && { document, pictures: autosave.unkept(id) };
        const file = await ask((worker) => worker.call('export', { id, current }, { signal, onEvent }));
        if (signal.aborted) return;
        environment.saveFile(file, fileName(nameOf(id)));
        if (current && autosave.getState().stuck.includes(id)) animation.markSaved();
        notices.announce('The project is exported.');
      });
    },
    async importFile(file) {
      const id = environment.newId();
      const done = await job(
        'Reading the project',
        async (signal, onEvent) => {
          await ask((worker) => worker.call('import', { file, id }, { signal, onEvent }));
        },
        'Nothing that was there has changed.',
      );
      return done && projects.open(id);
    },
    importPictures: (files) =>
      job(
        'Reading the pictures',
        async (signal, onProgress) => {
          const { fit } = preferences.getState();
          const { multiple } = settings.getState();
          const worker = media.current();
          const read = await readSequence(worker, files, { fit, multiple }, signal, onProgress).catch(
            (error: unknown) => {
              if (error instanceof WorkerError) media.reset(worker);
              throw error;
            },
          );
          const { first, width, height, frames } = read;
          const [picture] = frames;
          if (signal.aborted || !picture) return;
          const name = first.name.split('/').at(-1) ?? first.name;
          animation.bring({ name, file: first.file, picture, cut: { width, height, fit } }, frames);
          notices.info('pictures', sequenceWords(read, fit), []);
        },
        'Nothing that was there has changed.',
      ),
    cancel() {
      controller.abort();
      store.setState({ job: null });
    },
    async nextWay(position) {
      const { tree, frames, project } = animation.getState();
      const frame = frames[position - 1];
      const node = frame && tree.nodes.get(frame.node);
      if (!node || !project) return;
      const ways = childrenOf(tree, node.parent);
      const next = ways[(ways.indexOf(node) + 1) % ways.length];
      if (!next || next === node) return;
      await attempt(() =>
        animation.takeUp(tipOf(tree, next.id), async (wanted, signal) => {
          const pictures = new Map(autosave.unkept(project.id).map(({ id, picture }) => [id, picture]));
          const stored = wanted.filter((id) => id !== startId && !pictures.has(id));
          if (stored.length > 0) {
            await ask((worker) =>
              worker.call(
                'pictures',
                { id: project.id, frames: stored },
                {
                  signal,
                  onEvent: ({ id, picture }) => pictures.set(id, picture),
                },
              ),
            );
          }
          return pictures;
        }),
      );
    },
    onRoom({ bytes, left }) {
      const more = bytes > 0 ? Math.floor(Math.max(0, left - reserve) / bytes) : Number.POSITIVE_INFINITY;
      if (more > fewFrames) {
        if (warned) notices.dismissTopic(roomTopic);
        warned = false;
        return;
      }
      if (warned) return;
      warned = true;
      const room = more === 1 ? '1 more frame' : `${more} more frames`;
      notices.info(
        roomTopic,
        `Storage is nearly full: there is room for about ${room}. Export this project, or delete one that you do not need.`,
        exportAction(),
      );
    },
  };
  return projects;
}

/** What was open when the page was last left, with its settings to the last change. */
function remembered(storage: Environment['storage']): v.InferOutput<typeof lastSchema> | null {
  try {
    const result = v.safeParse(lastSchema, JSON.parse(storage?.getItem(lastKey) ?? 'null'));
    return result.success ? result.output : null;
  } catch {
    return null;
  }
}

function copyName(name: string): string {
  return `${name} (copy)`.slice(0, 200);
}

/** A file name that every system takes. */
function fileName(name: string): string {
  const safe = name.replace(/[^\p{L}\p{N} _.-]+/gu, ' ').trim();
  return `${safe === '' ? 'project' : safe}.drift`;
}

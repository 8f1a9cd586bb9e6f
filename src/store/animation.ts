import { createStore } from 'zustand/vanilla';
import type { StoreApi } from 'zustand/vanilla';
import { InputError, WorkerError } from '../base/index.ts';
import type { Picture } from '../base/index.ts';
import {
  append,
  emptyTree,
  endAt,
  path,
  removeBranch,
  restoreBranch,
  startId,
  treeOf,
} from '../project/index.ts';
import type { FrameTree, LegStep, ProjectDocument, ProjectStart, Settings } from '../project/index.ts';
import type { Fit, FrameInsight, mediaApi } from '../protocol/index.ts';
import type { Addresses, Shown } from './addresses.ts';
import type { Autosave } from './autosave.ts';
import type { Environment } from './environment.ts';
import type { Link } from './link.ts';
import type { Notices } from './notices.ts';
import type { Preferences } from './preferences.ts';
import type { SettingsStore } from './settings.ts';

interface Cut {
  readonly width: number;
  readonly height: number;
  readonly fit: Fit;
}

/** The picture that an animation starts from. */
export interface StartPicture extends Shown {
  readonly name: string;
  /** The file itself, from which other sizes are cut. */
  readonly file: Blob;
  /** How the picture was cut from the file. */
  readonly cut: Cut;
}

/** A finished frame of the animation. */
export interface Frame extends Shown {
  /** Its id in the project's tree. */
  readonly node: number;
  /** Its place in the animation, from 1. */
  readonly number: number;
  /** Seconds that it took. */
  readonly seconds: number;
  /** What was measured on the way; null for a picture that was brought in. */
  readonly insight: FrameInsight | null;
  /** The settings that it was made with. */
  readonly settings: Settings;
  /** Where it stands between two variants, in smooth mode. */
  readonly leg?: LegStep | undefined;
  /** Which variant of its round it is: with its seed and its place, its noise. 0 where there is one. */
  readonly variant: number;
}

/** A frame that has just been made. */
export interface MadeFrame extends Pick<Frame, 'picture' | 'seconds' | 'insight' | 'settings' | 'leg'> {
  /** The name of the model that made it; empty where none did. */
  readonly model: string;
  /** Which variant of its round it is: with its seed and its place, its noise. 0 where there is one. */
  readonly variant?: number;
}

/** The project that is on the page. */
export interface OpenProject {
  readonly id: string;
  readonly name: string;
  /** When it was begun: an ISO 8601 time. */
  readonly created: string;
  /** Another tab has it open: here it can be looked at. */
  readonly readOnly: boolean;
}

/** What is on the page: one animation of one project. */
interface Work {
  readonly project: OpenProject | null;
  readonly start: StartPicture | null;
  /** All frames of the project, of which the animation is one path. */
  readonly tree: FrameTree;
  /** The animation. */
  readonly frames: readonly Frame[];
}

export interface AnimationState extends Work {
  /** A start picture is being fetched, read or cut to another size, or a project is being opened. */
  readonly reading: boolean;
  /** Frames have been made that are neither kept on this device nor in a download. */
  readonly unsaved: boolean;
  /** Counts up whenever another animation takes the place of this one. */
  readonly edition: number;
}

/** A project that has been read from where it is kept. */
export interface LoadedProject {
  readonly project: OpenProject;
  readonly document: ProjectDocument;
  /** The file that the start picture was cut from. */
  readonly original: Blob;
  /** The id of the next new frame. */
  readonly nextId: number;
  /** The start picture and the frames of the animation, by their ids. */
  readonly pictures: ReadonlyMap<number, Picture>;
}

export interface AnimationStore extends StoreApi<AnimationState> {
  /**
   * Makes a picture the start of a new project once it has been read; frames made before are put aside, with a way
   * back. A picture that cannot be read changes nothing. `file` may still be on its way.
   */
  readonly chooseStart: (file: Blob | Promise<Blob>, name: string) => Promise<void>;
  /** Resolves when no picture is being read any more. */
  readonly whenRead: () => Promise<void>;
  /** Adds a finished frame to the end. */
  readonly append: (frame: MadeFrame) => Frame;
  /** Puts the frames aside, with a way back, and begins a new project with the same start picture. */
  readonly startOver: () => void;
  /** The frames as they are have been saved. */
  readonly markSaved: () => void;
  /** Has the animation end at a position, 0 being the start picture; what came after stays as another branch. */
  readonly goBackTo: (position: number) => void;
  /** Takes the frame at a position off the project with everything made from it, with a way back. */
  readonly removeFrom: (position: number) => void;
  /** Has the animation end at any frame of the tree; `load` fetches the pictures that are not on the page. */
  readonly takeUp: (
    leaf: number,
    load: (nodes: readonly number[], signal: AbortSignal) => Promise<ReadonlyMap<number, Picture>>,
  ) => Promise<void>;
  /**
   * Puts another project on the page as soon as it is there. Whatever is chosen meanwhile comes first.
   *
   * @returns what `open` gave, once it is on the page; null when something else was chosen meanwhile
   * @throws what `open` throws, when nothing else was chosen meanwhile
   */
  readonly load: <L extends LoadedProject>(open: (signal: AbortSignal) => Promise<L>) => Promise<L | null>;
  /** Begins a project with pictures that are there already: the first is where it starts, and all are its frames. */
  readonly bring: (start: Omit<StartPicture, 'id'>, frames: readonly Picture[]) => void;
  /** Leaves the project, and with it an empty page. One that was just deleted is not purged, so that it can come back. */
  readonly clear: (left?: 'deleted') => void;
  /** The project has another name now. */
  readonly rename: (name: string) => void;
  /** The project on the page as a document, or null before there is one. */
  readonly document: () => ProjectDocument | null;
}

/** The topic of the news that frames were put aside. */
const shelfTopic = 'frames';

/** The topic of the news that frames were deleted. */
const removedTopic = 'removed';

/** The longest name that a project gets by itself. */
const longestName = 60;

/** What the person makes: a project with its start picture, and the frames that came of it. */
export function createAnimation({
  media,
  addresses,
  autosave,
  settings,
  preferences,
  notices,
  environment,
}: {
  media: Link<typeof mediaApi>;
  addresses: Addresses;
  autosave: Autosave;
  settings: SettingsStore;
  preferences: StoreApi<Preferences>;
  notices: Notices;
  environment: Pick<Environment, 'newId' | 'today'>;
}): AnimationStore {
  const nothing: Work = { project: null, start: null, tree: emptyTree, frames: [] };
  const store = createStore<AnimationState>()(() => ({
    ...nothing,
    reading: false,
    unsaved: false,
    edition: 0,
  }));
  let lastId = 0;
  let stopReading = new AbortController();
  let readingDone: Promise<unknown> = Promise.resolve();
  /** What was put aside last, as long as there is a way back to it. */
  let shelf: Work | null = null;

  const work = (): Work => {
    const { project, start, tree, frames } = store.getState();
    return { project, start, tree, frames };
  };
  const wantedCut = (): Cut => {
    const { width, height } = settings.getState().values;
    return { width, height, fit: preferences.getState().fit };
  };
  const isWanted = (cut: Cut) => {
    const { width, height, fit } = wantedCut();
    return cut.width === width && cut.height === height && cut.fit === fit;
  };

  /** Reads a picture at the size of the settings, again when they change meanwhile. */
  async function decode(file: Blob, signal: AbortSignal): Promise<{ picture: Picture; cut: Cut }> {
    for (;;) {
      const cut = wantedCut();
      const worker = media.current();
      const picture = await worker.call('decode', { file, ...cut }, { signal }).catch((error: unknown) => {
        if (error instanceof WorkerError) media.reset(worker);
        throw error;
      });
      if (isWanted(cut)) return { picture, cut };
    }
  }

  /** Does something that takes the place of what is being read; that is given up. */
  function begin<T>(task: (signal: AbortSignal) => Promise<T>): Promise<T> {
    stopReading.abort();
    stopReading = new AbortController();
    const { signal } = stopReading;
    store.setState({ reading: true });
    const done = task(signal).finally(() => {
      if (!signal.aborted) store.setState({ reading: false });
    });
    readingDone = done.catch(() => undefined);
    return done;
  }

  function read(source: Blob | Promise<Blob>, name: string, accept: (start: StartPicture) => void) {
    return begin(async (signal) => {
      try {
        const file = await ownCopy(await source);
        signal.throwIfAborted();
        const { picture, cut } = await decode(file, signal);
        if (!signal.aborted) accept({ id: ++lastId, name, file, picture, cut });
      } catch (error) {
        if (signal.aborted) return;
        notices.error(error, {
          ...(error instanceof WorkerError && {
            remedy: 'Try again: this part of Drift has been restarted.',
          }),
          kept: store.getState().start ? 'The picture that was there before is still in place.' : '',
        });
      }
    });
  }

  /** Takes the addresses of what is leaving the page back, unless the shelf may bring it back. */
  function release({ start, frames }: Work) {
    const kept = new Set(
      [shelf?.start, ...(shelf?.frames ?? []), store.getState().start].map((shown) => shown?.id),
    );
    addresses.release([...(start ? [start] : []), ...frames].filter(({ id }) => !kept.has(id)));
  }

  function nextEdition(next: Work) {
    const unsaved = next.frames.length > 0 && (!next.project || !autosave.isKept(next.project.id));
    store.setState(({ edition }) => ({ ...next, edition: edition + 1, unsaved }));
  }

  /** A project in which nothing was made is not worth keeping once it is left. */
  function leave({ project, tree }: Work) {
    notices.dismissTopic(removedTopic);
    const isEmpty = tree.nodes.size === 0;
    if (project && !project.readOnly && isEmpty) autosave.push({ kind: 'purge', id: project.id });
  }

  function documentOf({ project, start, tree }: Work): ProjectDocument | null {
    if (!project || !start) return null;
    const { name, created } = project;
    return {
      name,
      created,
      start: startOf(start),
      settings: settings.getState().values,
      leaf: tree.leaf,
      frames: [...tree.nodes.values()],
    };
  }

  /** Begins a project with a start picture. */
  function beginProject(start: StartPicture) {
    const before = work();
    const project: OpenProject = {
      id: environment.newId(),
      name: nameFrom(start.name),
      created: environment.today().toISOString(),
      readOnly: false,
    };
    const next = { ...nothing, project, start };
    const document = documentOf(next);
    nextEdition(next);
    if (document) {
      autosave.push({
        kind: 'create',
        id: project.id,
        document,
        picture: start.picture,
        original: start.file,
      });
    }
    leave(before);
    release(before);
  }

  /** Cuts the start picture again when its size is no longer that of the settings. Frames pin it as it is. */
  function recut() {
    const { start, tree, project, reading } = store.getState();
    // A picture that is being read is measured against the settings when it arrives.
    if (!start || tree.nodes.size > 0 || project?.readOnly || reading || isWanted(start.cut)) return;
    void read(start.file, start.name, (next) => {
      const before = work();
      store.setState({ start: next });
      release(before);
      addresses.add(next);
      if (!project) return;
      autosave.push({ kind: 'replaceStart', id: project.id, start: startOf(next), picture: next.picture });
    });
  }
  settings.subscribe(recut);
  preferences.subscribe(recut);

  /** Puts an earlier cut of the start picture back. */
  function putStartBack(start: StartPicture) {
    const before = work();
    stopReading.abort();
    store.setState({ reading: false });
    if (before.start === start) return;
    store.setState({ start });
    release(before);
    addresses.add(start);
    if (!before.project) return;
    const { picture } = start;
    autosave.push({ kind: 'replaceStart', id: before.project.id, start: startOf(start), picture });
  }

  settings.subscribe(({ values }, before) => {
    const { project } = store.getState();
    if (values === before.values || !project || project.readOnly) return;
    autosave.push({ kind: 'update', id: project.id, settings: values });
  });

  // What is on disk is safe without a download.
  autosave.subscribe(({ status }) => {
    const { project, unsaved } = store.getState();
    if (unsaved && status !== 'saving' && project && autosave.isKept(project.id)) {
      store.setState({ unsaved: false });
    }
  });

  /** Puts what is on the page aside; what was there before cannot come back from here any more. */
  function putAside() {
    notices.dismissTopic(shelfTopic);
    shelf = work();
    const { frames } = shelf;
    const count = frames.length === 1 ? '1 frame was' : `${frames.length} frames were`;
    notices.info(shelfTopic, `${count} put aside.`, [{ label: 'Undo', run: takeBack }], emptyShelf);
  }

  function emptyShelf() {
    if (!shelf) return;
    const before = shelf;
    shelf = null;
    release(before);
  }

  function takeBack() {
    if (!shelf) return;
    const before = work();
    const next = shelf;
    stopReading.abort();
    shelf = null;
    store.setState({ reading: false });
    nextEdition(next);
    leave(before);
    if (next.project && !next.project.readOnly) autosave.push({ kind: 'resume', id: next.project.id });
    release(before);
  }

  /** Another path of the tree. Frames that are on the page stay; the pictures of the others are given. */
  function follow(tree: FrameTree, pictures: ReadonlyMap<number, Picture>) {
    const before = work();
    const onPage = new Map(before.frames.map((frame) => [frame.node, frame]));
    const added: Frame[] = [];
    const frames = path(tree).map((node, index) => {
      const shown = onPage.get(node.id);
      if (shown) return shown;
      const picture = pictures.get(node.id);
      if (!picture) throw new RangeError(`the picture of frame ${node.id} is missing`);
      const { seconds, insight, settings: made, leg, variant } = node;
      const frame = {
        id: ++lastId,
        node: node.id,
        number: index + 1,
        picture,
        seconds,
        insight,
        settings: made,
        leg,
        variant,
      };
      added.push(frame);
      return frame;
    });
    nextEdition({ ...before, tree, frames });
    const left = new Set(frames.map(({ id }) => id));
    addresses.release(before.frames.filter(({ id }) => !left.has(id)));
    for (const frame of added) addresses.add(frame);
    if (before.project && !before.project.readOnly) {
      autosave.push({ kind: 'update', id: before.project.id, leaf: tree.leaf });
    }
  }

  const animation: AnimationStore = {
    ...store,
    chooseStart(file, name) {
      return read(file, name, (start) => {
        if (store.getState().frames.length > 0) putAside();
        beginProject(start);
        addresses.add(start);
        notices.announce(`${name} is the start picture.`);
      });
    },
    async whenRead() {
      while (store.getState().reading) await readingDone;
    },
    append({ model, variant = 0, ...made }) {
      const { project, tree: before, frames } = store.getState();
      const { width, height } = made.picture;
      const { settings: used, insight, seconds, leg } = made;
      const { tree, node } = append(before, {
        variant,
        settings: used,
        model,
        width,
        height,
        insight,
        ...(leg && { leg }),
        seconds,
        made: environment.today().toISOString(),
      });
      const frame: Frame = { ...made, variant, id: ++lastId, node: node.id, number: frames.length + 1 };
      // Now that new frames are being made, the old ones will not be wanted back: their memory is.
      notices.dismissTopic(shelfTopic);
      store.setState({ tree, frames: [...frames, frame], unsaved: true });
      addresses.add(frame);
      if (project && !project.readOnly) {
        autosave.push({ kind: 'append', id: project.id, node, picture: made.picture });
      }
      return frame;
    },
    startOver() {
      const { start, tree, frames } = store.getState();
      if (!start || tree.nodes.size === 0) return;
      if (frames.length > 0) putAside();
      beginProject(start);
      recut();
    },
    markSaved() {
      store.setState({ unsaved: false });
    },
    goBackTo(position) {
      const { frames, tree } = store.getState();
      if (position >= frames.length) return;
      follow(endAt(tree, frames[position - 1]?.node ?? startId), new Map());
    },
    removeFrom(position) {
      const { tree: before, frames, project, start } = store.getState();
      const first = frames[position - 1];
      if (!first || project?.readOnly) return;
      const { tree, removed } = removeBranch(before, first.node);
      const pictures = new Map(frames.map(({ node, picture }) => [node, picture]));
      const ids = removed.nodes.map(({ id }) => id);
      notices.dismissTopic(removedTopic);
      follow(tree, new Map());
      if (project) autosave.push({ kind: 'removeFrames', id: project.id, frames: ids, leaf: tree.leaf });
      const undo = () => {
        const now = store.getState();
        // In another project there is no place to put them.
        if (now.project?.id !== project?.id) return;
        const restored = restoreBranch(now.tree, removed);
        if (restored === now.tree) return;
        // Frames have the size of the start picture that they were made from, which may have been cut anew meanwhile.
        if (start && now.tree.nodes.size === 0) putStartBack(start);
        if (project) {
          autosave.push({
            kind: 'restoreFrames',
            id: project.id,
            frames: removed.nodes,
            leaf: restored.leaf,
          });
        }
        follow(restored, pictures);
      };
      const count = ids.length === 1 ? '1 frame was' : `${ids.length} frames were`;
      notices.info(removedTopic, `${count} deleted.`, [{ label: 'Undo', run: undo }]);
    },
    takeUp(leaf, load) {
      return begin(async (signal) => {
        const { tree, frames } = store.getState();
        const onPage = new Set(frames.map(({ node }) => node));
        const next = endAt(tree, leaf);
        const missing = path(next).filter(({ id }) => !onPage.has(id));
        const pictures = await load(
          missing.map(({ id }) => id),
          signal,
        );
        if (!signal.aborted) follow(endAt(store.getState().tree, leaf), pictures);
      });
    },
    load(open) {
      return begin(async (signal) => {
        try {
          const loaded = await open(signal);
          if (signal.aborted) return null;
          const { project, document, original, pictures } = loaded;
          const { start } = document;
          const tree = { ...treeOf(document), nextId: loaded.nextId };
          const picture = pictures.get(startId);
          if (!picture) throw new RangeError('a project has a start picture');
          const shown: StartPicture = { id: ++lastId, name: start.name, file: original, picture, cut: start };
          const before = work();
          notices.dismissTopic(shelfTopic);
          if (before.project?.id !== project.id) leave(before);
          store.setState({ ...nothing, project, start: shown });
          release(before);
          addresses.add(shown);
          follow(tree, pictures);
          return loaded;
        } catch (error) {
          if (signal.aborted) return null;
          throw error;
        }
      });
    },
    bring(picture, frames) {
      stopReading.abort();
      notices.dismissTopic(shelfTopic);
      const start = { ...picture, id: ++lastId };
      store.setState({ reading: false });
      beginProject(start);
      addresses.add(start);
      const { width, height } = start.cut;
      // After the project, whose settings they are, and before its frames, which are kept with them.
      settings.set({ width, height });
      const { values } = settings.getState();
      for (const frame of frames) {
        animation.append({ picture: frame, seconds: 0, insight: null, settings: values, model: '' });
      }
      const { edition } = store.getState();
      store.setState({ edition: edition + 1 });
    },
    clear(left) {
      stopReading.abort();
      const before = work();
      notices.dismissTopic(shelfTopic);
      if (left === 'deleted') notices.dismissTopic(removedTopic);
      else leave(before);
      store.setState({ reading: false });
      nextEdition(nothing);
      release(before);
    },
    rename(name) {
      store.setState(({ project }) => ({ project: project && { ...project, name } }));
    },
    document: () => documentOf(work()),
  };
  return animation;
}

/** Copies of files that the page holds for good: the file itself may be moved, changed or removed at any time. */
const owned = new WeakSet<Blob>();

/** @throws InputError `file-unreadable` */
async function ownCopy(file: Blob): Promise<Blob> {
  if (owned.has(file)) return file;
  const bytes = await file.arrayBuffer().catch((cause: unknown) => {
    throw new InputError('file-unreadable', 'The file could not be read.', {
      remedy: 'It may have been moved or changed since you chose it: choose it again.',
      details: { bytes: file.size },
      cause,
    });
  });
  const copy = new Blob([bytes], { type: file.type });
  owned.add(copy);
  return copy;
}

function startOf({ name, cut }: StartPicture): ProjectStart {
  const { width, height, fit } = cut;
  return { name: name.slice(0, longestName), width, height, fit };
}

/** What a project is called at first: its start picture's file without the ending. */
function nameFrom(file: string): string {
  return file.replace(/\.[a-z0-9]{1,5}$/i, '').slice(0, longestName) || 'Untitled';
}

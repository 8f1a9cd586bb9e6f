import { createStore } from 'zustand/vanilla';
import type { StoreApi } from 'zustand/vanilla';
import { WorkerError } from '../base/index.ts';
import type { Picture } from '../base/index.ts';
import { append, endAt, inverse, removeBranch, restoreBranch, startId, treeOf } from '../project/index.ts';
import type { FrameTree, ProjectDocument, TreeChange } from '../project/index.ts';
import type { Autosave } from './autosave.ts';
import { documentOf, nothing, treeOfPictures } from './content.ts';
import type { BroughtPictures, Content, LoadedProject, OpenProject } from './content.ts';
import type { Environment } from './environment.ts';
import { frameOf, framesOf, noFrames } from './frames.ts';
import type { Frame, NewPicture } from './frames.ts';
import type { AnimationChange, ChangeListener } from './journal.ts';
import { createNewestTask } from './newest-task.ts';
import type { Notices } from './notices.ts';
import type { Pictures } from './pictures.ts';
import type { Preferences } from './preferences.ts';
import type { SettingsStore } from './settings.ts';
import { documentStart, projectName } from './start-picture.ts';
import type { StartCutter, StartPicture } from './start-picture.ts';

export interface AnimationState extends Content {
  /** A start picture is being fetched, read or cut to another size, or a project is being opened. */
  readonly reading: boolean;
  /** Frames have been made that are neither kept on this device nor in a download. */
  readonly unsaved: boolean;
  /** Counts up whenever another animation takes the place of this one. */
  readonly edition: number;
}

export interface AnimationStore extends StoreApi<AnimationState> {
  /** Calls back with every change that is to be kept. */
  readonly onChange: (listener: ChangeListener) => void;
  /**
   * Makes a picture the start of a new project once it has been read; frames made before are put aside, with a way
   * back. A picture that cannot be read changes nothing. `file` may still be on its way.
   */
  readonly chooseStart: (file: Blob | Promise<Blob>, name: string) => Promise<void>;
  /** Resolves when no picture is being read any more. */
  readonly whenRead: () => Promise<void>;
  /** Adds a finished frame to the end. @throws RangeError before there is a project */
  readonly append: (frame: NewPicture) => Frame;
  /** Puts the frames aside, with a way back, and begins a new project with the same start picture. */
  readonly startOver: () => void;
  /** The frames as they are have been saved. */
  readonly markSaved: () => void;
  /** Has the animation end at a position, 0 being the start picture; what came after stays as another branch. */
  readonly goBackTo: (position: number) => void;
  /** Takes the frame at a position off the project with everything made from it, with a way back. */
  readonly removeFrom: (position: number) => void;
  /** Has the animation end at any frame of the tree. */
  readonly takeUp: (leaf: number) => void;
  /** The pixels at a position, 0 being the start picture. @throws ProjectError when they are lost */
  readonly pictureAt: (position: number) => Promise<Picture>;
  /**
   * Puts another project on the page as soon as it is there. Whatever is chosen meanwhile comes first.
   *
   * @returns what `open` gave, once it is on the page; null when something else was chosen meanwhile
   * @throws what `open` throws, when nothing else was chosen meanwhile
   */
  readonly load: <L extends LoadedProject>(open: (signal: AbortSignal) => Promise<L>) => Promise<L | null>;
  /** Begins a project with pictures that are there already: the first is where it starts, and all are its frames. */
  readonly bring: (brought: BroughtPictures) => void;
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

/** What the person makes: a project with its start picture, and the frames that came of it. */
export function createAnimation({
  cutter,
  pictures,
  autosave,
  settings,
  preferences,
  notices,
  environment,
}: {
  cutter: StartCutter;
  pictures: Pictures;
  autosave: Pick<Autosave, 'isKept' | 'getState' | 'subscribe'>;
  settings: SettingsStore;
  preferences: StoreApi<Preferences>;
  notices: Notices;
  environment: Pick<Environment, 'newId' | 'today'>;
}): AnimationStore {
  const store = createStore<AnimationState>()(() => ({
    ...nothing,
    reading: false,
    unsaved: false,
    edition: 0,
  }));
  const reading = createNewestTask((running) => {
    store.setState({ reading: running });
  });
  const listeners: ChangeListener[] = [];

  const content = (): Content => {
    const { project, start, tree, frames } = store.getState();
    return { project, start, tree, frames };
  };

  function tell(project: OpenProject | null, change: AnimationChange) {
    if (!project) return;
    for (const listener of listeners) listener(project, change);
  }

  function read(source: Blob | Promise<Blob>, name: string, accept: (start: StartPicture) => void) {
    return reading.begin(async (signal) => {
      try {
        const start = await cutter.read(source, name, signal);
        if (!signal.aborted) accept(start);
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

  function nextEdition(next: Content) {
    const unsaved = next.frames.length > 0 && (!next.project || !autosave.isKept(next.project.id));
    store.setState(({ edition }) => ({ ...next, edition: edition + 1, unsaved }));
  }

  /** A project in which nothing was made is not worth keeping once it is left. */
  function leave({ project, tree }: Content) {
    notices.dismissTopic(removedTopic);
    if (tree.nodes.size === 0) tell(project, { kind: 'leftEmpty' });
  }

  const document = () => documentOf(content(), settings.getState().values);

  /** Begins a project with a start picture. */
  function beginProject(start: StartPicture) {
    const before = content();
    const project: OpenProject = {
      id: environment.newId(),
      name: projectName(start.name),
      created: environment.today().toISOString(),
      readOnly: false,
    };
    nextEdition({ ...nothing, project, start });
    const begun = document();
    const { picture, file: original } = start;
    if (begun) tell(project, { kind: 'begun', document: begun, picture, original });
    leave(before);
  }

  function replaceStart(start: StartPicture) {
    store.setState({ start });
    const { picture } = start;
    tell(store.getState().project, { kind: 'start', start: documentStart(start), picture });
  }

  /** Cuts the start picture again when its size is no longer that of the settings. Frames pin it as it is. */
  function recut() {
    const { start, tree, project, reading } = store.getState();
    // A picture that is being read is measured against the settings when it arrives.
    if (!start || tree.nodes.size > 0 || project?.readOnly || reading || cutter.isCurrent(start)) return;
    void read(start.file, start.name, replaceStart);
  }
  settings.subscribe(recut);
  preferences.subscribe(recut);

  // What is on disk is safe without a download.
  autosave.subscribe(({ status }) => {
    const { project, unsaved } = store.getState();
    if (unsaved && status !== 'saving' && project && autosave.isKept(project.id)) {
      store.setState({ unsaved: false });
    }
  });

  /** Puts what is on the page aside; what was there before cannot come back from here any more. */
  function putAside() {
    const shelf = content();
    const { length } = shelf.frames;
    const count = length === 1 ? '1 frame was' : `${length} frames were`;
    const takeBack = () => {
      const before = content();
      reading.stop();
      nextEdition(shelf);
      leave(before);
      tell(shelf.project, { kind: 'resumed' });
    };
    notices.info(shelfTopic, `${count} put aside.`, [{ label: 'Undo', run: takeBack }]);
  }

  /** Another path of the tree, or another tree. */
  function follow(tree: FrameTree, change: TreeChange) {
    const before = content();
    nextEdition({ ...before, tree, frames: framesOf(tree, before.frames) });
    tell(before.project, { kind: 'tree', change, pictures: [] });
  }

  function endAnimationAt(leaf: number) {
    const { tree } = store.getState();
    follow(endAt(tree, leaf), { added: [], removed: [], leafBefore: tree.leaf, leafAfter: leaf });
  }

  const animation: AnimationStore = {
    ...store,
    onChange(listener) {
      listeners.push(listener);
    },
    chooseStart(file, name) {
      return read(file, name, (start) => {
        if (store.getState().frames.length > 0) putAside();
        beginProject(start);
        notices.announce(`${name} is the start picture.`);
      });
    },
    whenRead: reading.whenDone,
    append({ model, variant = 0, picture, settings: used, insight, seconds, leg }) {
      const { project, tree: before, frames } = store.getState();
      if (!project) throw new RangeError('frames belong to a project');
      const { width, height } = picture;
      const made = environment.today().toISOString();
      const { tree, node } = append(before, {
        variant,
        settings: used,
        model,
        width,
        height,
        insight,
        ...(leg && { leg }),
        seconds,
        made,
      });
      const frame = frameOf(node, frames.length + 1);
      pictures.add(project.id, node.id, picture);
      // Now that new frames are being made, the old ones will not be wanted back.
      notices.dismissTopic(shelfTopic);
      store.setState({ tree, frames: frames.append(frame), unsaved: true });
      const change = { added: [node], removed: [], leafBefore: before.leaf, leafAfter: node.id };
      tell(project, { kind: 'tree', change, pictures: [node.id] });
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
      const { frames } = store.getState();
      if (position >= frames.length) return;
      endAnimationAt(position > 0 ? (frames.at(position - 1)?.id ?? startId) : startId);
    },
    removeFrom(position) {
      const { tree: before, frames, project, start } = store.getState();
      const first = frames.at(position - 1);
      if (position < 1 || !first || project?.readOnly) return;
      const { tree, removed } = removeBranch(before, first.id);
      const { nodes, leafBefore, leafAfter } = removed;
      const change = { added: [], removed: nodes, leafBefore, leafAfter };
      notices.dismissTopic(removedTopic);
      follow(tree, change);
      const undo = () => {
        const now = store.getState();
        // In another project there is no place to put them.
        if (now.project?.id !== project?.id) return;
        const restored = restoreBranch(now.tree, removed);
        if (restored === now.tree) return;
        // Frames have the size of the start picture that they were made from, which may have been cut anew meanwhile.
        if (start && now.tree.nodes.size === 0) {
          reading.stop();
          if (now.start !== start) replaceStart(start);
        }
        follow(restored, { ...inverse(change), leafAfter: restored.leaf });
      };
      const count = nodes.length === 1 ? '1 frame was' : `${nodes.length} frames were`;
      notices.info(removedTopic, `${count} deleted.`, [{ label: 'Undo', run: undo }]);
    },
    takeUp: endAnimationAt,
    async pictureAt(position) {
      const { project, start, frames } = store.getState();
      const frame = position > 0 ? frames.at(position - 1) : undefined;
      if (position === 0 && start) return start.picture;
      if (!project || !frame) throw new RangeError(`there is no picture at ${position}`);
      return pictures.load(project.id, frame);
    },
    load(open) {
      return reading.begin(async (signal) => {
        try {
          const loaded = await open(signal);
          if (signal.aborted) return null;
          const { project, document, original, start: picture, nextId } = loaded;
          const { start: cut } = document;
          const start = cutter.take({ name: cut.name, file: original, picture, cut });
          const tree = { ...treeOf(document), nextId };
          const before = content();
          notices.dismissTopic(shelfTopic);
          if (before.project?.id !== project.id) leave(before);
          nextEdition({ project, start, tree, frames: framesOf(tree, noFrames) });
          return loaded;
        } catch (error) {
          if (signal.aborted) return null;
          throw error;
        }
      });
    },
    bring(brought) {
      reading.stop();
      notices.dismissTopic(shelfTopic);
      beginProject(cutter.take(brought.start));
      const { project } = store.getState();
      if (!project) return;
      const { width, height } = brought.start.cut;
      // After the project, whose settings they are, and before its frames, which are kept with them.
      settings.set({ width, height });
      const { values } = settings.getState();
      const { tree, change, held } = treeOfPictures(brought, values, environment.today().toISOString());
      for (const picture of held) pictures.hold(project.id, picture);
      nextEdition({ ...content(), tree, frames: framesOf(tree, noFrames) });
      tell(project, { kind: 'tree', change, pictures: held.map(({ id }) => id) });
    },
    clear(left) {
      reading.stop();
      const before = content();
      notices.dismissTopic(shelfTopic);
      if (left === 'deleted') notices.dismissTopic(removedTopic);
      else leave(before);
      nextEdition(nothing);
    },
    rename(name) {
      store.setState(({ project }) => ({ project: project && { ...project, name } }));
    },
    document,
  };
  return animation;
}

import { createStore } from 'zustand/vanilla';
import type { StoreApi } from 'zustand/vanilla';
import { WorkerError } from '../base/index.ts';
import { path, playedFrames, removeSubtree, startId, treeOf, withOrder } from '../project/index.ts';
import type { FrameTree, PlayOrder } from '../project/index.ts';
import { createAnimationHistory } from './animation-history.ts';
import type { AnimationState, AnimationStore } from './animation-store.ts';
import { removedTopic, putAsideTopic, unreadStartTopic } from './animation-topics.ts';
import type { Autosave } from './autosave.ts';
import { documentOf, everHadFrames, emptyContent, treeOfPictures } from './page-content.ts';
import type { PageContent, OpenProject } from './page-content.ts';
import type { Environment } from './environment.ts';
import { createFrameChanges } from './frame-changes.ts';
import { framesOf, lineageOf, noFrames } from './frames.ts';
import type { Frames } from './frames.ts';
import type { History, HistoryEntry } from './history.ts';
import type { AnimationChange, ChangeListener } from './journal.ts';
import { createNewestTask } from './newest-task.ts';
import type { Notices } from './notices.ts';
import type { Offers } from './offers.ts';
import type { Pictures } from './pictures.ts';
import type { Preferences } from './preferences.ts';
import type { SettingsStore } from './settings.ts';
import { documentStart, projectName } from './start-picture.ts';
import type { StartCutter, StartPicture } from './start-picture.ts';

export type { AnimationState, AnimationStore } from './animation-store.ts';

/** Creates the store of the project on the page: start picture, frame tree and animation. */
export function createAnimation({
  cutter,
  pictures,
  autosave,
  settings,
  preferences,
  notices,
  history,
  offers,
  environment,
}: {
  cutter: StartCutter;
  history: History;
  offers: Offers;
  pictures: Pictures;
  autosave: Pick<Autosave, 'isKept' | 'getState' | 'subscribe'>;
  settings: SettingsStore;
  preferences: StoreApi<Preferences>;
  notices: Notices;
  environment: Pick<Environment, 'newId' | 'today'>;
}): AnimationStore {
  const store = createStore<AnimationState>()(() => ({
    ...emptyContent,
    reading: false,
    unsaved: false,
    edition: 0,
    edited: null,
  }));
  const reading = createNewestTask((running) => {
    store.setState({ reading: running });
  });
  const listeners: ChangeListener[] = [];
  /** The last result of `lineage` that is not the animation itself. */
  let lineage: { readonly tree: FrameTree; readonly last: number; readonly frames: Frames } | null = null;

  const content = (): PageContent => {
    const { project, start, tree, frames } = store.getState();
    return { project, start, tree, frames };
  };

  function emit(project: OpenProject | null, change: AnimationChange) {
    if (!project) return;
    for (const listener of listeners) listener(project, change);
  }

  function read(source: Blob | Promise<Blob>, name: string, accept: (start: StartPicture) => void) {
    return reading.begin(async (signal) => {
      try {
        const start = await cutter.read(source, name, signal);
        if (signal.aborted) return;
        notices.dismissTopic(unreadStartTopic);
        accept(start);
      } catch (error) {
        if (signal.aborted) return;
        notices.error(error, {
          topic: unreadStartTopic,
          ...(error instanceof WorkerError && {
            remedy: 'Try again: this part of Drift has been restarted.',
          }),
          kept: store.getState().start ? 'The picture that was there before is still in place.' : '',
        });
      }
    });
  }

  function nextEdition(next: PageContent, edited: number | null = null) {
    const unsaved = next.frames.length > 0 && (!next.project || !autosave.isKept(next.project.id));
    store.setState(({ edition }) => ({ ...next, edited, edition: edition + 1, unsaved }));
  }

  /** Called when a project leaves the page: one without frames is not kept. */
  function leave({ project, tree }: PageContent) {
    notices.dismissTopic(removedTopic);
    if (tree.nodes.size === 0) emit(project, { kind: 'leftEmpty', hadFrames: everHadFrames(tree) });
  }

  const document = () => documentOf(content(), settings.getState().values);

  /** Starts a project with a start picture. */
  function beginProject(start: StartPicture) {
    const before = content();
    const project: OpenProject = {
      id: environment.newId(),
      name: projectName(start.name),
      created: environment.today().toISOString(),
      readOnly: false,
    };
    nextEdition({ ...emptyContent, project, start });
    emitBegun(start);
    leave(before);
  }

  function emitBegun({ picture, file: original }: StartPicture) {
    const begun = document();
    if (begun) emit(store.getState().project, { kind: 'begun', document: begun, picture, original });
  }

  function replaceStart(start: StartPicture) {
    store.setState({ start });
    const { picture } = start;
    emit(store.getState().project, { kind: 'start', start: documentStart(start), picture });
  }

  /** Fits the start picture again after the size in the settings, or the fit, changed; not once there are frames. */
  function recut() {
    const { start, tree, project, reading } = store.getState();
    // A picture that is still being read is compared with the settings when it is decoded.
    if (!start || tree.nodes.size > 0 || project?.readOnly || reading || cutter.isCurrent(start)) return;
    void read(start.file, start.name, (cut) => {
      if (store.getState().project?.id === project?.id) replaceStart(cut);
    });
  }
  settings.subscribe(recut);
  preferences.subscribe(recut);

  // Frames on disk need no download.
  autosave.subscribe(({ status }) => {
    const { project, unsaved } = store.getState();
    if (unsaved && status !== 'saving' && project && autosave.isKept(project.id)) {
      store.setState({ unsaved: false });
    }
  });

  /** Restores content that was on the page before. */
  function bringBack(wanted: PageContent) {
    const before = content();
    const { project, start, tree } = wanted;
    reading.stop();
    notices.dismissTopic(putAsideTopic);
    nextEdition(wanted);
    if (before.project?.id !== project?.id) leave(before);
    const wasEmpty = tree.nodes.size === 0;
    // A project that never had frames was purged when it left the page: create it anew.
    if (!wasEmpty || everHadFrames(tree)) emit(project, { kind: 'resumed', wasEmpty });
    else if (start) emitBegun(start);
  }

  /** Replaces the project on the page by a new one, with a notice that offers to restore the frames. */
  function replaceProject(label: string, start: StartPicture) {
    const before = content();
    beginProject(start);
    const entry = recorded.swapped(label, before);
    const { length } = before.frames;
    if (length === 0) return;
    const count = length === 1 ? '1 frame was' : `${length} frames were`;
    offers.show(putAsideTopic, `${count} put aside.`, 'Bring back', entry);
  }

  function offerBack(frames: number, entry: HistoryEntry) {
    const count = frames === 1 ? '1 frame was' : `${frames} frames were`;
    offers.show(removedTopic, `${count} deleted.`, 'Bring back', entry);
  }

  const frameChanges = createFrameChanges({
    store,
    show: nextEdition,
    emit,
    restoreStart(from) {
      reading.stop();
      if (store.getState().start !== from) replaceStart(from);
    },
    pictures,
    environment,
  });

  function arrange(label: string, order: PlayOrder) {
    const { project, tree } = store.getState();
    frameChanges.play(withOrder(tree, order));
    return recorded.moved(label, { project, tree });
  }

  const recorded = createAnimationHistory({
    history,
    settings,
    content,
    bringBack,
    play: frameChanges.play,
    restore(removed, from) {
      notices.dismissTopic(removedTopic);
      return frameChanges.restore(removed, from);
    },
    takeOff: frameChanges.takeOff,
  });

  const animation: AnimationStore = {
    ...store,
    onChange(listener) {
      listeners.push(listener);
    },
    chooseStart(file, name) {
      return read(file, name, (start) => {
        replaceProject('New start picture', start);
        notices.announce(`${name} is the start picture.`);
      });
    },
    whenRead: reading.whenDone,
    append(made, instead) {
      const frame = frameChanges.append(made, instead);
      // Once new frames are made, stop offering the old ones; undo still restores them.
      notices.dismissTopic(putAsideTopic);
      return frame;
    },
    startOver() {
      const { start, tree } = store.getState();
      if (!start || tree.nodes.size === 0) return;
      replaceProject('Start over', start);
      recut();
    },
    markSaved() {
      store.setState({ unsaved: false });
    },
    goBackTo(position) {
      const { frames, tree } = store.getState();
      if (position < frames.length) arrange('Go back', playedFrames(tree).slice(0, position));
    },
    removeFrom(position) {
      const { tree: before, frames, project, start } = store.getState();
      const first = frames.at(position - 1);
      if (position < 1 || !first || project?.readOnly) return;
      // The frames of an edited animation are no subtree: others may have been made from them.
      if (before.order) {
        const entry = arrange('Delete frames', before.order.slice(0, position - 1));
        if (entry) offerBack(frames.length - position + 1, entry);
        return;
      }
      const { tree, removed } = removeSubtree(before, first.id);
      const { nodes } = removed;
      notices.dismissTopic(removedTopic);
      frameChanges.takeOff(tree, removed);
      const entry = recorded.removed(nodes.length === 1 ? 'Delete frame' : 'Delete frames', removed, start);
      offerBack(nodes.length, entry);
    },
    playBranch(position, leaf) {
      const { tree } = store.getState();
      const played = playedFrames(tree);
      const parent = tree.nodes.get(played[position - 1]?.frame ?? startId)?.parent;
      const chain = path(tree, leaf);
      const from = chain.findIndex((node) => node.parent === parent);
      const rest = chain.slice(from).map(({ id }) => ({ frame: id }));
      if (from >= 0) arrange('Another branch', [...played.slice(0, position - 1), ...rest]);
    },
    arrange(label, order) {
      if (!store.getState().project?.readOnly) arrange(label, order);
    },
    lineage(id) {
      const { tree, frames } = store.getState();
      const last = id ?? tree.leaf;
      if (!tree.order && last === tree.leaf) return frames;
      if (lineage?.tree !== tree || lineage.last !== last) {
        lineage = { tree, last, frames: lineageOf(tree, last) };
      }
      return lineage.frames;
    },
    async pictureAt(position, of) {
      const { project, start, frames: played } = store.getState();
      const frames = of ?? played;
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
          notices.dismissTopic(putAsideTopic);
          if (before.project?.id !== project.id) leave(before);
          nextEdition({ project, start, tree, frames: framesOf(tree, noFrames) });
          return { ...loaded, left: before };
        } catch (error) {
          if (signal.aborted) return null;
          throw error;
        }
      });
    },
    importPictures(imported) {
      reading.stop();
      notices.dismissTopic(putAsideTopic);
      const before = { content: content(), settings: settings.getState().values };
      beginProject(cutter.take(imported.start));
      const { project } = store.getState();
      if (!project) return;
      const { width, height } = imported.start.cut;
      // After the project has started, so that it stores the size, and before its frames, which copy the settings.
      history.quietly(() => {
        settings.set({ ...imported.playback, width, height });
      });
      const { values } = settings.getState();
      const { tree, change, held } = treeOfPictures(imported, values, environment.today().toISOString());
      for (const picture of held) pictures.hold(project.id, picture);
      nextEdition({ ...content(), tree, frames: framesOf(tree, noFrames) });
      emit(project, { kind: 'tree', change, pictures: held.map(({ id }) => id) });
      recorded.swapped('Import', before.content, before.settings);
    },
    clear(left) {
      // Deleting takes a while, in which the user may have chosen another picture or project.
      if (left !== 'deleted') reading.stop();
      const before = content();
      notices.dismissTopic(putAsideTopic);
      if (left === 'deleted') notices.dismissTopic(removedTopic);
      else leave(before);
      nextEdition(emptyContent);
      if (left !== 'deleted' && before.project) recorded.swapped('New project', before);
    },
    rename(name) {
      store.setState(({ project }) => ({ project: project && { ...project, name } }));
    },
    history: recorded,
    document,
  };
  return animation;
}

import { removeSubtree, startId } from '../project/index.ts';
import type { FrameTree, RemovedSubtree, Settings } from '../project/index.ts';
import type { PageContent, OpenProject } from './page-content.ts';
import type { History, HistoryEntry } from './history.ts';
import type { SettingsStore } from './settings.ts';
import type { StartPicture } from './start-picture.ts';

/** What is played of a tree: the path to `leaf`, or `order`. */
export type PlayedPart = Pick<FrameTree, 'leaf' | 'order'>;

/** A project and what is played of its tree at some moment. */
export interface PlaySnapshot {
  readonly project: OpenProject | null;
  readonly tree: PlayedPart;
}

/** Operations on the animation that undo and redo need. */
interface Changes {
  readonly content: () => PageContent;
  /** Restores content that was on the page before. */
  readonly bringBack: (content: PageContent) => void;
  readonly play: (part: PlayedPart) => void;
  /** Restores a removed subtree; returns false if that is no longer possible. */
  readonly restore: (removed: RemovedSubtree, start: StartPicture | null) => boolean;
  readonly takeOff: (tree: FrameTree, removed: RemovedSubtree) => void;
}

/** Records changes of the animation for undo and redo. */
export interface AnimationHistory {
  /**
   * Records that another part of the tree is played. Undo never deletes frames that were made since, because making them
   * takes long. Returns null if the same part is played.
   */
  readonly moved: (label: string, from: PlaySnapshot) => HistoryEntry | null;
  /**
   * Records that a subtree was removed.
   *
   * @param start the start picture, fitted to the size of these frames
   */
  readonly removed: (label: string, removed: RemovedSubtree, start: StartPicture | null) => HistoryEntry;
  /**
   * Records that the content of the page was replaced.
   *
   * @param settings the settings before, if they were replaced, too
   */
  readonly swapped: (label: string, before: PageContent, settings?: Settings) => HistoryEntry;
}

/** Weight of an entry with content, in a history of capacity 100: content holds the pixels of a start picture. */
const weightOfContent = 10;

function isSamePart(a: PlayedPart, b: PlayedPart): boolean {
  return a.leaf === b.leaf && JSON.stringify(a.order) === JSON.stringify(b.order);
}

/** Creates the recorder of the animation's changes, which enter `history` as entries that undo and redo them. */
export function createAnimationHistory({
  history,
  settings,
  content,
  bringBack,
  play,
  restore,
  takeOff,
}: Changes & { history: History; settings: SettingsStore }): AnimationHistory {
  /** Returns the tree of a project if it is on the page and not read-only, else null. */
  function treeOf(project: OpenProject): FrameTree | null {
    const now = content();
    return now.project?.id === project.id && !now.project.readOnly ? now.tree : null;
  }

  return {
    moved(label, from) {
      const { project, tree } = content();
      if (!project || project.id !== from.project?.id || isSamePart(tree, from.tree)) return null;
      const go =
        ({ leaf, order }: PlayedPart) =>
        () => {
          const now = treeOf(project);
          const wanted = order?.map(({ frame }) => frame) ?? (leaf === startId ? [] : [leaf]);
          if (!now || !wanted.every((id) => now.nodes.has(id))) return false;
          play({ leaf, order });
          return true;
        };
      return history.record({
        label,
        touches: 'frames',
        projects: [project.id],
        undo: go(from.tree),
        redo: go(tree),
      });
    },
    removed(label, first, start) {
      const { project } = content();
      let removed = first;
      return history.record({
        label,
        touches: 'frames',
        projects: project ? [project.id] : [],
        undo: () => project !== null && treeOf(project) !== null && restore(removed, start),
        redo() {
          const now = project && treeOf(project);
          const [root] = removed.nodes;
          if (!now || !root || !now.nodes.has(root.id)) return false;
          const again = removeSubtree(now, root.id);
          removed = again.removed;
          takeOff(again.tree, removed);
          return true;
        },
      });
    },
    swapped(label, left, settingsLeft) {
      let before = { content: left, settings: settingsLeft };
      let after = { content: content(), settings: settingsLeft };
      /** Reads the content that is about to be replaced, so that changes since the entry was recorded are kept. */
      const leave = ({ settings: own }: typeof before) => ({
        content: content(),
        settings: own && settings.getState().values,
      });
      const enter = ({ content: wanted, settings: own }: typeof before) => {
        bringBack(wanted);
        if (own) settings.set(own);
        return true;
      };
      return history.record({
        label,
        touches: 'frames',
        projects: [before, after].flatMap(({ content: { project } }) => (project ? [project.id] : [])),
        weight: weightOfContent,
        undo() {
          after = leave(after);
          return enter(before);
        },
        redo() {
          before = leave(before);
          return enter(after);
        },
      });
    },
  };
}

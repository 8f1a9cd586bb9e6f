import { removeBranch, startId } from '../project/index.ts';
import type { FrameTree, RemovedBranch, Settings } from '../project/index.ts';
import type { Content, OpenProject } from './content.ts';
import type { History, HistoryEntry } from './history.ts';
import type { SettingsStore } from './settings.ts';
import type { StartPicture } from './start-picture.ts';

/** The last frame of an animation at some moment; `leaf` is its id in the project's tree. */
export interface End {
  readonly project: OpenProject | null;
  readonly leaf: number;
}

/** Operations on the animation that undo and redo need. */
interface Changes {
  readonly content: () => Content;
  /** Restores content that was on the page before. */
  readonly bringBack: (content: Content) => void;
  readonly endAt: (leaf: number) => void;
  /** Restores a removed branch; returns false if that is no longer possible. */
  readonly restore: (removed: RemovedBranch, start: StartPicture | null) => boolean;
  readonly takeOff: (tree: FrameTree, removed: RemovedBranch) => void;
}

/** Records changes of the animation for undo and redo. */
export interface AnimationHistory {
  /**
   * Records that the animation's last frame changed. Undo never deletes frames that were made since, because making
   * them takes long.
   */
  readonly moved: (label: string, from: End) => void;
  /**
   * Records that a branch was removed.
   *
   * @param start the start picture, fitted to the size of these frames
   */
  readonly removed: (label: string, removed: RemovedBranch, start: StartPicture | null) => HistoryEntry;
  /**
   * Records that the content of the page was replaced.
   *
   * @param settings the settings before, if they were replaced, too
   */
  readonly swapped: (label: string, before: Content, settings?: Settings) => HistoryEntry;
}

/** Weight of an entry with content, in a history of capacity 100: content holds the pixels of a start picture. */
const weightOfContent = 10;

export function createAnimationHistory({
  history,
  settings,
  content,
  bringBack,
  endAt,
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
      if (!project || project.id !== from.project?.id || tree.leaf === from.leaf) return;
      const go = (leaf: number) => () => {
        const now = treeOf(project);
        if (!now || (leaf !== startId && !now.nodes.has(leaf))) return false;
        endAt(leaf);
        return true;
      };
      history.record({
        label,
        touches: 'frames',
        projects: [project.id],
        undo: go(from.leaf),
        redo: go(tree.leaf),
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
          const again = removeBranch(now, root.id);
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

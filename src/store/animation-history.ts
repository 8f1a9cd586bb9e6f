import { removeBranch, startId } from '../project/index.ts';
import type { FrameTree, RemovedBranch, Settings } from '../project/index.ts';
import type { Content, OpenProject } from './content.ts';
import type { History, HistoryEntry } from './history.ts';
import type { SettingsStore } from './settings.ts';
import type { StartPicture } from './start-picture.ts';

/** Where an animation ended at some moment. */
export interface End {
  readonly project: OpenProject | null;
  readonly leaf: number;
}

/** What the history does to the animation. */
interface Changes {
  readonly content: () => Content;
  /** Puts content on the page that was there before. */
  readonly bringBack: (content: Content) => void;
  readonly endAt: (leaf: number) => void;
  /** Puts a branch back that was taken off the project; false where that is not possible any more. */
  readonly restore: (removed: RemovedBranch, start: StartPicture | null) => boolean;
  readonly takeOff: (tree: FrameTree, removed: RemovedBranch) => void;
}

/** Records what happens to the animation, so that it can be taken back and done again. */
export interface AnimationHistory {
  /**
   * The animation ends elsewhere than it did. Frames that were made since stay in the project, whatever is taken back:
   * making them took long.
   */
  readonly moved: (label: string, from: End) => void;
  /** @param start - the start picture as it was cut for these frames */
  readonly removed: (label: string, removed: RemovedBranch, start: StartPicture | null) => HistoryEntry;
  /**
   * Another animation took the place of one.
   *
   * @param settings - the settings before, where they were replaced too
   */
  readonly swapped: (label: string, before: Content, settings?: Settings) => HistoryEntry;
}

/** Content holds start pictures, so ten of them are remembered. */
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
  /** The tree of a project, if it is the one on the page and can be changed. */
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
      /** The other side may change until it is left: what was made there stays there. */
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

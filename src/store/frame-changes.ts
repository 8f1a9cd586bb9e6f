import type { StoreApi } from 'zustand/vanilla';
import { append, endAt, restoreBranch } from '../project/index.ts';
import type { FrameTree, RemovedBranch, TreeChange } from '../project/index.ts';
import type { AnimationState } from './animation-store.ts';
import type { Content, OpenProject } from './content.ts';
import type { Environment } from './environment.ts';
import { frameOf, framesOf } from './frames.ts';
import type { Frame, NewPicture } from './frames.ts';
import type { AnimationChange } from './journal.ts';
import type { Pictures } from './pictures.ts';
import type { StartPicture } from './start-picture.ts';

/** Changes of the frame tree on the page. Each is shown, and emitted so that it is stored; none records an undo entry. */
export interface FrameChanges {
  /** Adds a finished frame after the last one. @throws RangeError if there is no project */
  readonly append: (frame: NewPicture) => Frame;
  /** Makes any frame of the tree the animation's last. */
  readonly endAt: (leaf: number) => void;
  /** Shows the tree without a branch. */
  readonly takeOff: (tree: FrameTree, removed: RemovedBranch) => void;
  /**
   * Restores a removed branch. Returns false if that is no longer possible.
   *
   * @param start the start picture, fitted to the size of these frames
   */
  readonly restore: (removed: RemovedBranch, start: StartPicture | null) => boolean;
}

/**
 * Creates the changes of the frame tree.
 *
 * @param show puts content on the page
 * @param restoreStart puts back a start picture that has been fitted to another size since
 */
export function createFrameChanges({
  store,
  show,
  emit,
  restoreStart,
  pictures,
  environment,
}: {
  store: Pick<StoreApi<AnimationState>, 'getState' | 'setState'>;
  show: (content: Content) => void;
  emit: (project: OpenProject | null, change: AnimationChange) => void;
  restoreStart: (start: StartPicture) => void;
  pictures: Pick<Pictures, 'add'>;
  environment: Pick<Environment, 'today'>;
}): FrameChanges {
  /** Shows a changed tree, or another path of it. */
  function follow(tree: FrameTree, change: TreeChange) {
    const { project, start, frames } = store.getState();
    show({ project, start, tree, frames: framesOf(tree, frames) });
    emit(project, { kind: 'tree', change, pictures: [] });
  }

  return {
    append({ model, variant = 0, picture, settings, insight, seconds, leg }) {
      const { project, tree: before, frames } = store.getState();
      if (!project) throw new RangeError('frames belong to a project');
      const { width, height } = picture;
      const made = environment.today().toISOString();
      const { tree, node } = append(before, {
        variant,
        settings,
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
      store.setState({ tree, frames: frames.append(frame), unsaved: true });
      const change = { added: [node], removed: [], leafBefore: before.leaf, leafAfter: node.id };
      emit(project, { kind: 'tree', change, pictures: [node.id] });
      return frame;
    },
    endAt(leaf) {
      const { tree } = store.getState();
      follow(endAt(tree, leaf), { added: [], removed: [], leafBefore: tree.leaf, leafAfter: leaf });
    },
    takeOff(tree, { nodes, leafBefore, leafAfter }) {
      follow(tree, { added: [], removed: nodes, leafBefore, leafAfter });
    },
    restore(removed, start) {
      const now = store.getState();
      const tree = restoreBranch(now.tree, removed);
      if (tree === now.tree) return false;
      // The start picture may have been fitted to another size since; frames need it in theirs.
      if (start && now.tree.nodes.size === 0) restoreStart(start);
      follow(tree, { added: removed.nodes, removed: [], leafBefore: now.tree.leaf, leafAfter: tree.leaf });
      return true;
    },
  };
}

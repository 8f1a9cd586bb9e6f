import type { StoreApi } from 'zustand/vanilla';
import { append, playedFrames, restoreSubtree, startId, withOrder } from '../project/index.ts';
import type { FrameTree, RemovedSubtree, TreeChange } from '../project/index.ts';
import type { PlayedPart } from './animation-history.ts';
import type { AnimationState } from './animation-store.ts';
import type { PageContent, OpenProject } from './page-content.ts';
import type { Environment } from './environment.ts';
import { frameOf, framesOf } from './frames.ts';
import type { Frame, Frames, NewPicture } from './frames.ts';
import type { AnimationChange } from './journal.ts';
import type { Pictures } from './pictures.ts';
import type { StartPicture } from './start-picture.ts';

/** Changes of the frame tree on the page. Each is shown, and emitted so that it is stored; none records an undo entry. */
export interface FrameChanges {
  /**
   * Adds a finished frame after the last one, or in place of the one at the position `instead`.
   *
   * @throws RangeError if there is no project
   */
  readonly append: (frame: NewPicture, instead?: number) => Frame;
  /** Plays another part of the tree. */
  readonly play: (part: PlayedPart) => void;
  /** Shows the tree without a subtree. */
  readonly takeOff: (tree: FrameTree, removed: RemovedSubtree) => void;
  /**
   * Restores a removed subtree. Returns false if that is no longer possible.
   *
   * @param start the start picture, fitted to the size of these frames
   */
  readonly restore: (removed: RemovedSubtree, start: StartPicture | null) => boolean;
}

/**
 * Creates the changes of the frame tree.
 *
 * @param show puts content on the page; `edited` is the position that an edit begins at
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
  show: (content: PageContent, edited: number | null) => void;
  emit: (project: OpenProject | null, change: AnimationChange) => void;
  restoreStart: (start: StartPicture) => void;
  pictures: Pick<Pictures, 'add'>;
  environment: Pick<Environment, 'today'>;
}): FrameChanges {
  /** Shows a changed tree, or another path of it. */
  function follow(tree: FrameTree, change: Omit<TreeChange, 'order'>) {
    const { project, start, tree: before, frames } = store.getState();
    const next = framesOf(tree, frames);
    const isEdit = before.order !== null || tree.order !== null;
    show({ project, start, tree, frames: next }, isEdit ? firstDifference(frames, next) : null);
    emit(project, { kind: 'tree', change: { ...change, order: tree.order }, pictures: [] });
  }

  return {
    append({ model, variant = 0, picture, settings, insight, seconds, leg }, instead) {
      const { project, tree: before, frames } = store.getState();
      if (!project) throw new RangeError('frames belong to a project');
      const { width, height } = picture;
      const made = environment.today().toISOString();
      const index = instead === undefined ? null : instead - 1;
      const replaced = index === null ? null : before.nodes.get(frames.at(index)?.id ?? startId);
      const added = append(
        before,
        { variant, settings, model, width, height, insight, ...(leg && { leg }), seconds, made },
        replaced?.parent,
      );
      const { node } = added;
      const tree =
        index === null
          ? added.tree
          : withOrder(added.tree, playedFrames(before).with(index, { frame: node.id }));
      const frame = frameOf(node, instead ?? frames.length + 1);
      pictures.add(project.id, node.id, picture);
      store.setState({
        tree,
        frames: index === null ? frames.append(frame) : framesOf(tree, frames),
        unsaved: true,
      });
      const { leaf, order } = tree;
      const change = { added: [node], removed: [], leafBefore: before.leaf, leafAfter: leaf, order };
      emit(project, { kind: 'tree', change, pictures: [node.id] });
      return frame;
    },
    play({ leaf, order }) {
      const { tree } = store.getState();
      follow({ ...tree, leaf, order }, { added: [], removed: [], leafBefore: tree.leaf, leafAfter: leaf });
    },
    takeOff(tree, { nodes, leafBefore, leafAfter }) {
      follow(tree, { added: [], removed: nodes, leafBefore, leafAfter });
    },
    restore(removed, start) {
      const now = store.getState();
      const tree = restoreSubtree(now.tree, removed);
      if (tree === now.tree) return false;
      // The start picture may have been fitted to another size since; frames need it in theirs.
      if (start && now.tree.nodes.size === 0) restoreStart(start);
      follow(tree, { added: removed.nodes, removed: [], leafBefore: now.tree.leaf, leafAfter: tree.leaf });
      return true;
    },
  };
}

/** The first position, from 1, at which two animations differ; at most the length of the second. */
function firstDifference(before: Frames, after: Frames): number {
  let same = 0;
  while (same < after.length && after.at(same) === before.at(same)) same++;
  return Math.min(same + 1, after.length);
}

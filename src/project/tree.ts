import { ProjectError } from '../base/index.ts';
import { FrameNodes } from './frame-nodes.ts';
import type { FrameInsight } from './insight.ts';
import { isSameSettings } from './settings.ts';
import type { Settings } from './settings.ts';
import type { SegmentStep } from './trail.ts';

/** Id of the start picture, the root of every tree. Frames have ids from 1, ascending in order of creation. */
export const startId = 0;

/** Metadata of a frame; with those of the frames on its path, enough to make it again exactly. */
export interface FrameNode {
  readonly id: number;
  /** Id of the previous frame or of the start picture. */
  readonly parent: number;
  /** Variant number of its noise key, whose other parts are the seed in `settings` and its position on the path. */
  readonly variant: number;
  /** The settings that it was made with, including the seed. */
  readonly settings: Settings;
  /** Name of the model; empty for an imported picture. */
  readonly model: string;
  /** Size in pixels. */
  readonly width: number;
  readonly height: number;
  /** Measurements; null for an imported picture. */
  readonly insight: FrameInsight | null;
  /** Position in a segment of smooth mode; absent for a variant of its parent. */
  readonly leg?: SegmentStep;
  /** Seconds that making it took. */
  readonly seconds: number;
  /** Time of completion, ISO 8601 in UTC. */
  readonly made: string;
}

/** A frame that is not in the tree yet. */
export type NewFrame = Omit<FrameNode, 'id' | 'parent'>;

/**
 * All frames of a project, immutable. The animation is the path from the start picture to `leaf`; all other frames are
 * on other branches.
 */
export interface FrameTree {
  readonly nodes: FrameNodes;
  /** Id of the animation's last frame, from which the next one is made; `startId` if there is none. */
  readonly leaf: number;
  /** Id of the next frame. Ids are never reused, so that removed frames can be restored. */
  readonly nextId: number;
}

/** The difference between two versions of a tree; see `inverse` for undoing it. */
export interface TreeChange {
  /** Added frames, parents before children. */
  readonly added: readonly FrameNode[];
  /** Removed frames. */
  readonly removed: readonly FrameNode[];
  /** Ids of the animation's last frame before and after the change. */
  readonly leafBefore: number;
  readonly leafAfter: number;
}

/** The change that undoes another one. */
export function inverse({ added, removed, leafBefore, leafAfter }: TreeChange): TreeChange {
  return { added: removed, removed: added, leafBefore: leafAfter, leafAfter: leafBefore };
}

/** A branch that was removed from a tree, as `restoreBranch` needs it. */
export interface RemovedBranch {
  /** Parents before children. */
  readonly nodes: readonly FrameNode[];
  /** Ids of the animation's last frame before and after the removal. */
  readonly leafBefore: number;
  readonly leafAfter: number;
}

/** A tree without frames. */
export const emptyTree: FrameTree = { nodes: FrameNodes.from([]), leaf: startId, nextId: startId + 1 };

/** Finds a frame by its id. @throws RangeError if the tree does not have it */
function nodeOf(tree: FrameTree, id: number): FrameNode {
  const node = tree.nodes.get(id);
  if (!node) throw new RangeError(`there is no frame ${id} in this tree`);
  return node;
}

/**
 * Adds a frame as a child of `parent`, which may have others, and makes it the leaf.
 *
 * @throws RangeError if the tree does not have `parent`
 */
export function append(
  tree: FrameTree,
  made: NewFrame,
  parent = tree.leaf,
): { readonly tree: FrameTree; readonly node: FrameNode } {
  if (parent !== startId) nodeOf(tree, parent);
  const node: FrameNode = { ...made, id: tree.nextId, parent };
  const nodes = tree.nodes.append(node);
  return { tree: { nodes, leaf: node.id, nextId: node.id + 1 }, node };
}

/**
 * Makes a frame, or the start picture, the leaf. The frames after it stay in the tree.
 *
 * @throws RangeError if the tree does not have the frame
 */
export function endAt(tree: FrameTree, id: number): FrameTree {
  if (id !== startId) nodeOf(tree, id);
  return { ...tree, leaf: id };
}

/** The frames from the start picture, exclusive, to `end`, inclusive, in order. */
export function path(tree: FrameTree, end = tree.leaf): FrameNode[] {
  const frames: FrameNode[] = [];
  for (let id = end; id !== startId;) {
    const node = nodeOf(tree, id);
    frames.push(node);
    id = node.parent;
  }
  return frames.reverse();
}

/** Children of a frame, oldest first. */
export function childrenOf(tree: FrameTree, id: number): FrameNode[] {
  return tree.nodes.childrenOf(id);
}

/** Id of the leaf that is reached from a frame by following the newest child; the frame itself if it has none. */
export function tipOf(tree: FrameTree, id: number): number {
  let tip = id;
  for (let next = tree.nodes.childrenOf(tip).at(-1); next; next = tree.nodes.childrenOf(tip).at(-1)) {
    tip = next.id;
  }
  return tip;
}

/**
 * Removes a frame and its descendants. If the leaf is among them, the frame's parent becomes the leaf.
 *
 * @throws RangeError if the tree does not have the frame; the start picture cannot be removed
 */
export function removeBranch(
  tree: FrameTree,
  id: number,
): { readonly tree: FrameTree; readonly removed: RemovedBranch } {
  const { parent } = nodeOf(tree, id);
  const gone = new Set([id]);
  // Children have larger ids than their parents, so one pass in ascending order finds all descendants.
  for (const node of tree.nodes) if (gone.has(node.parent)) gone.add(node.id);
  const leaf = gone.has(tree.leaf) ? parent : tree.leaf;
  return {
    tree: { ...tree, nodes: tree.nodes.without(gone), leaf },
    removed: {
      nodes: [...tree.nodes].filter((node) => gone.has(node.id)),
      leafBefore: tree.leaf,
      leafAfter: leaf,
    },
  };
}

/**
 * Restores a removed branch, and the leaf, too, if it has not changed since the removal. If the branch's parent is
 * missing, the tree is returned unchanged: restore the parent first.
 */
export function restoreBranch(tree: FrameTree, { nodes, leafBefore, leafAfter }: RemovedBranch): FrameTree {
  const [first] = nodes;
  if (!first || (first.parent !== startId && !tree.nodes.has(first.parent))) return tree;
  return {
    ...tree,
    nodes: tree.nodes.with(nodes),
    leaf: tree.leaf === leafAfter ? leafBefore : tree.leaf,
  };
}

/**
 * Builds a tree from untrusted frames, in any order.
 *
 * @throws ProjectError `tree-damaged` if an id is duplicate or not positive, a parent is missing or its id is not
 *   smaller than its child's (which excludes cycles), or the leaf is missing
 */
export function buildTree(frames: readonly FrameNode[], leaf: number): FrameTree {
  const known = new Set<number>();
  const inOrder = [...frames].sort((a, b) => a.id - b.id);
  for (const node of inOrder) {
    const { id, parent } = node;
    if (id <= startId || known.has(id)) throw damaged(`frame ${id} is there twice`, { frame: id });
    // Ids are ascending, so a parent with a larger id is missing here, too.
    if (parent !== startId && !known.has(parent)) {
      throw damaged(`frame ${id} comes after frame ${parent}, which is not there before it`, {
        frame: id,
        parent,
      });
    }
    known.add(id);
  }
  if (leaf !== startId && !known.has(leaf)) {
    throw damaged(`the animation ends at frame ${leaf}, which is not there`, { frame: leaf });
  }
  return {
    nodes: FrameNodes.from(shareSettings(inOrder)),
    leaf,
    nextId: (inOrder.at(-1)?.id ?? startId) + 1,
  };
}

/** Deduplicates settings, to save memory: frames with the same settings as the previous one share its object. */
function shareSettings(frames: readonly FrameNode[]): FrameNode[] {
  let last: Settings | null = null;
  return frames.map((node) => {
    if (last && isSameSettings(last, node.settings)) return { ...node, settings: last };
    last = node.settings;
    return node;
  });
}

/**
 * Removes frames whose pictures are lost, and their descendants. If the leaf is removed, its nearest ancestor that is
 * left becomes the leaf.
 */
export function withoutLost(tree: FrameTree, isLost: (id: number) => boolean): FrameTree {
  const kept = new Map<number, FrameNode>();
  for (const node of tree.nodes) {
    if (!isLost(node.id) && (node.parent === startId || kept.has(node.parent))) kept.set(node.id, node);
  }
  if (kept.size === tree.nodes.size) return tree;
  const leaf = path(tree).findLast(({ id }) => kept.has(id))?.id ?? startId;
  return { ...tree, nodes: FrameNodes.from(kept.values()), leaf };
}

function damaged(
  reason: string,
  details: { readonly frame: number; readonly parent?: number },
): ProjectError {
  return new ProjectError('tree-damaged', `The order of the frames is damaged: ${reason}.`, {
    remedy: 'Use another copy of the project, if there is one.',
    details,
  });
}

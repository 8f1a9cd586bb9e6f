import { ProjectError } from '../base/index.ts';
import { FrameNodes } from './frame-nodes.ts';
import type { FrameInsight } from './insight.ts';
import type { PlayOrder } from './play-order.ts';
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
 * All frames of a project, immutable. The animation is the path from the start picture to `leaf`, unless it was edited:
 * then `order` lists its frames. All other frames are on other branches.
 */
export interface FrameTree {
  readonly nodes: FrameNodes;
  /** Id of the animation's last frame, from which the next one is made; `startId` if there is none. */
  readonly leaf: number;
  /** The frames of an edited animation, as they are played; its last one is `leaf`. Null for the path to `leaf`. */
  readonly order: PlayOrder | null;
  /** Id of the next frame. Ids are never reused, so that removed frames can be restored. */
  readonly nextId: number;
}

/** The difference between two versions of a tree. */
export interface TreeChange {
  /** Added frames, parents before children. */
  readonly added: readonly FrameNode[];
  /** Removed frames. */
  readonly removed: readonly FrameNode[];
  /** Ids of the animation's last frame before and after the change. */
  readonly leafBefore: number;
  readonly leafAfter: number;
  /** The order after the change. */
  readonly order: PlayOrder | null;
}

/** A subtree, a frame and all its descendants, that was removed from a tree, as `restoreSubtree` needs it. */
export interface RemovedSubtree {
  /** Parents before children. */
  readonly nodes: readonly FrameNode[];
  /** Ids of the animation's last frame before and after the removal. */
  readonly leafBefore: number;
  readonly leafAfter: number;
}

/** A tree without frames. */
export const emptyTree: FrameTree = {
  nodes: FrameNodes.from([]),
  leaf: startId,
  order: null,
  nextId: startId + 1,
};

/** Finds a frame by its id. @throws RangeError if the tree does not have it */
function nodeOf(tree: FrameTree, id: number): FrameNode {
  const node = tree.nodes.get(id);
  if (!node) throw new RangeError(`there is no frame ${id} in this tree`);
  return node;
}

/**
 * Adds a frame as a child of `parent`, which may have others, and makes it the leaf; an edited animation gets it at its
 * end.
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
  const order = tree.order && [...tree.order, { frame: node.id }];
  return { tree: { nodes, leaf: node.id, order, nextId: node.id + 1 }, node };
}

/**
 * Makes the path to a frame, or the start picture, the animation. The frames after it stay in the tree.
 *
 * @throws RangeError if the tree does not have the frame
 */
export function endAt(tree: FrameTree, id: number): FrameTree {
  if (id !== startId) nodeOf(tree, id);
  return { ...tree, leaf: id, order: null };
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

/** The order in which a tree's animation is played: its own, or the path to its leaf. */
export function playedFrames(tree: FrameTree): PlayOrder {
  return tree.order ?? path(tree).map(({ id }) => ({ frame: id }));
}

/**
 * Plays a tree in another order, whose last frame becomes the leaf. An order that is a path of the tree is not kept.
 *
 * @throws RangeError if the tree does not have one of the frames
 */
export function withOrder(tree: FrameTree, order: PlayOrder): FrameTree {
  const lost = order.find(({ frame }) => !tree.nodes.has(frame));
  if (lost) throw new RangeError(`there is no frame ${lost.frame} in this tree`);
  const isPath = order.every(({ frame, hold }, at) => {
    return hold === undefined && tree.nodes.get(frame)?.parent === (order[at - 1]?.frame ?? startId);
  });
  return { ...tree, leaf: order.at(-1)?.frame ?? startId, order: isPath ? null : order };
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
export function removeSubtree(
  tree: FrameTree,
  id: number,
): { readonly tree: FrameTree; readonly removed: RemovedSubtree } {
  const { parent } = nodeOf(tree, id);
  const gone = new Set([id]);
  // Children have larger ids than their parents, so one pass in ascending order finds all descendants.
  for (const node of tree.nodes) if (gone.has(node.parent)) gone.add(node.id);
  const nodes = tree.nodes.without(gone);
  const after = tree.order
    ? withOrder(
        { ...tree, nodes },
        tree.order.filter(({ frame }) => !gone.has(frame)),
      )
    : { ...tree, nodes, leaf: gone.has(tree.leaf) ? parent : tree.leaf };
  return {
    tree: after,
    removed: {
      nodes: [...tree.nodes].filter((node) => gone.has(node.id)),
      leafBefore: tree.leaf,
      leafAfter: after.leaf,
    },
  };
}

/**
 * Restores a removed subtree, and the leaf, too, if neither it nor the order has changed since the removal. If the
 * subtree's parent is missing, the tree is returned unchanged: restore the parent first.
 */
export function restoreSubtree(tree: FrameTree, { nodes, leafBefore, leafAfter }: RemovedSubtree): FrameTree {
  const [first] = nodes;
  if (!first || (first.parent !== startId && !tree.nodes.has(first.parent))) return tree;
  return {
    ...tree,
    nodes: tree.nodes.with(nodes),
    leaf: !tree.order && tree.leaf === leafAfter ? leafBefore : tree.leaf,
  };
}

/**
 * Builds a tree from untrusted frames, in any order.
 *
 * @throws ProjectError `tree-damaged` if an id is duplicate or not positive, a parent is missing or its id is not
 *   smaller than its child's (which excludes cycles), the leaf or a frame of the order is missing, or the order does not
 *   end with the leaf
 */
export function buildTree(
  frames: readonly FrameNode[],
  leaf: number,
  order: PlayOrder | null = null,
): FrameTree {
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
  const lost = order?.find(({ frame }) => !known.has(frame))?.frame;
  if (lost !== undefined) throw damaged(`frame ${lost} is played, and is not there`, { frame: lost });
  if (order && order.at(-1)?.frame !== leaf) {
    throw damaged(`the animation does not end at frame ${leaf}`, { frame: leaf });
  }
  return {
    nodes: FrameNodes.from(shareSettings(inOrder)),
    leaf,
    order,
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
 * left becomes the leaf; of an edited animation, the last frame that is left.
 */
export function withoutLost(tree: FrameTree, isLost: (id: number) => boolean): FrameTree {
  const kept = new Map<number, FrameNode>();
  for (const node of tree.nodes) {
    if (!isLost(node.id) && (node.parent === startId || kept.has(node.parent))) kept.set(node.id, node);
  }
  if (kept.size === tree.nodes.size) return tree;
  const nodes = FrameNodes.from(kept.values());
  if (tree.order) {
    return withOrder(
      { ...tree, nodes },
      tree.order.filter(({ frame }) => kept.has(frame)),
    );
  }
  const leaf = path(tree).findLast(({ id }) => kept.has(id))?.id ?? startId;
  return { ...tree, nodes, leaf };
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

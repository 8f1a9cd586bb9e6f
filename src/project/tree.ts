import { ProjectError } from '../base/index.ts';
import { FrameNodes } from './frame-nodes.ts';
import type { FrameInsight } from './insight.ts';
import { isSameSettings } from './settings.ts';
import type { Settings } from './settings.ts';
import type { SegmentStep } from './trail.ts';

/** The id of the start picture, the root of every tree. Frames count from 1 in the order in which they were made. */
export const startId = 0;

/** What is known of a frame besides its picture: with the path to it, enough to make it again exactly. */
export interface FrameNode {
  readonly id: number;
  /** The picture that it is a variant of. */
  readonly parent: number;
  /** Which variant of its round: with the seed in `settings` and its place on the path, its noise. */
  readonly variant: number;
  /** The settings that it was made with, its seed among them. */
  readonly settings: Settings;
  /** The name of the model that made it; empty where none did. */
  readonly model: string;
  /** Sides in pixels. */
  readonly width: number;
  readonly height: number;
  /** What was measured on the way; null for a picture that was brought in. */
  readonly insight: FrameInsight | null;
  /** Where it stands between two variants; absent where it is a variant of its parent. */
  readonly leg?: SegmentStep;
  /** Seconds that it took. */
  readonly seconds: number;
  /** When it was finished: an ISO 8601 time in UTC. */
  readonly made: string;
}

export type NewFrame = Omit<FrameNode, 'id' | 'parent'>;

/**
 * All frames of a project. An animation is the path from the start picture to one of them; the others are ways that
 * were not taken, or not yet.
 */
export interface FrameTree {
  readonly nodes: FrameNodes;
  /** Where the animation ends: the frame that the next one is made from. `startId` before the first. */
  readonly leaf: number;
  /** Ids are never given twice, so that a removed frame can come back. */
  readonly nextId: number;
}

/** A change of a tree. It is small where the change is, and can be taken back: see `inverse`. */
export interface TreeChange {
  /** Frames that came: parents before their children. */
  readonly added: readonly FrameNode[];
  /** Frames that went. */
  readonly removed: readonly FrameNode[];
  /** Where the animation ended before, and where it ends now. */
  readonly leafBefore: number;
  readonly leafAfter: number;
}

/** The change that takes another one back. */
export function inverse({ added, removed, leafBefore, leafAfter }: TreeChange): TreeChange {
  return { added: removed, removed: added, leafBefore: leafAfter, leafAfter: leafBefore };
}

/** A branch that was taken off a tree, and what it takes to put it back. */
export interface RemovedBranch {
  /** Parents before their children. */
  readonly nodes: readonly FrameNode[];
  /** Where the animation ended before, and where it has ended since. */
  readonly leafBefore: number;
  readonly leafAfter: number;
}

export const emptyTree: FrameTree = { nodes: FrameNodes.from([]), leaf: startId, nextId: startId + 1 };

/** The frame of an id. @throws RangeError when the tree has none: a mistake of the caller. */
function nodeOf(tree: FrameTree, id: number): FrameNode {
  const node = tree.nodes.get(id);
  if (!node) throw new RangeError(`there is no frame ${id} in this tree`);
  return node;
}

/**
 * Adds a frame after `parent`, which may have others after it already, and makes it the animation's end.
 *
 * @throws RangeError when the tree has no such parent
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
 * Has the animation end at a frame, or at the start picture. What comes after it stays, as another branch.
 *
 * @throws RangeError when the tree has no such frame
 */
export function endAt(tree: FrameTree, id: number): FrameTree {
  if (id !== startId) nodeOf(tree, id);
  return { ...tree, leaf: id };
}

/** The frames from the first after the start picture to `end`: an animation, in order. */
export function path(tree: FrameTree, end = tree.leaf): FrameNode[] {
  const frames: FrameNode[] = [];
  for (let id = end; id !== startId;) {
    const node = nodeOf(tree, id);
    frames.push(node);
    id = node.parent;
  }
  return frames.reverse();
}

/** The frames that were made from one, oldest first: where there are several, ways part. */
export function childrenOf(tree: FrameTree, id: number): FrameNode[] {
  return tree.nodes.childrenOf(id);
}

/** The end of the way that leads on from a frame, taking the newest turn at each fork; the frame itself at an end. */
export function tipOf(tree: FrameTree, id: number): number {
  let tip = id;
  for (let next = tree.nodes.childrenOf(tip).at(-1); next; next = tree.nodes.childrenOf(tip).at(-1)) {
    tip = next.id;
  }
  return tip;
}

/**
 * Takes a frame off the tree with everything after it. An animation that ended in there ends before it now.
 *
 * @throws RangeError when the tree has no such frame; the start picture cannot be removed
 */
export function removeBranch(
  tree: FrameTree,
  id: number,
): { readonly tree: FrameTree; readonly removed: RemovedBranch } {
  const { parent } = nodeOf(tree, id);
  const gone = new Set([id]);
  // A child is always younger than its parent, so one pass in the order of age finds all that came of it.
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
 * Puts a branch back. The animation ends where it did before, unless it has been led elsewhere meanwhile. Where the
 * branch's own parent has gone too, the tree stays as it is: put that one back first.
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
 * Makes a tree of frames that come from outside.
 *
 * @throws ProjectError `tree-damaged` when an id is there twice, a parent is missing or no older than its child (so
 *   that frames could go round in circles), or the animation's end is not there
 */
export function buildTree(frames: readonly FrameNode[], leaf: number): FrameTree {
  const known = new Set<number>();
  const inOrder = [...frames].sort((a, b) => a.id - b.id);
  for (const node of inOrder) {
    const { id, parent } = node;
    if (id <= startId || known.has(id)) throw damaged(`frame ${id} is there twice`, { frame: id });
    // In the order of age, a parent that comes later is missing here as well.
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

/** Most frames have the settings of the one before: one object of them for all. */
function shareSettings(frames: readonly FrameNode[]): FrameNode[] {
  let last: Settings | null = null;
  return frames.map((node) => {
    if (last && isSameSettings(last, node.settings)) return { ...node, settings: last };
    last = node.settings;
    return node;
  });
}

/**
 * The tree without the frames whose pictures are lost, and without what came after them: the rest can be played and
 * continued. An animation that ended there ends at its last frame that is left.
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

import type { PlayOrder } from './play-order.ts';
import { childrenOf, path, playedFrames, startId } from './tree.ts';
import type { FrameTree } from './tree.ts';

/** A row of frames of which each was made from the one before: the first child of each frame goes on with its branch. */
export interface Branch {
  /** Ids of its frames, in order; never empty. */
  readonly frames: readonly number[];
  /** Distance of its first frame from the start picture, from 1. */
  readonly depth: number;
  /** Number of branches between it and the first one, which begins at the start picture. */
  readonly level: number;
  /** Index of the branch that it leaves, in the list of branches; null for the first one. */
  readonly parent: number | null;
}

/** Whether some frame, or the start picture, has more than one child. */
export function hasBranches({ nodes }: FrameTree): boolean {
  let before = startId;
  // In ascending order, the parent of each frame of a single row is the frame before.
  for (const { id, parent } of nodes) {
    if (parent !== before) return true;
    before = id;
  }
  return false;
}

/**
 * All branches of a tree, as many as it has last frames. After each come those that leave it, from its end to its
 * beginning, so that no two cross when they are drawn below each other.
 */
export function branchesOf(tree: FrameTree): Branch[] {
  const branches: Branch[] = [];
  const waiting: (Omit<Branch, 'frames'> & { readonly first: number })[] = [];
  const wait = (ids: readonly number[], depth: number, level: number, parent: number | null) => {
    for (const first of ids.toReversed()) waiting.push({ first, depth, level, parent });
  };
  const [main, ...others] = childrenOf(tree, startId).map(({ id }) => id);
  if (main === undefined) return [];
  wait(others, 1, 1, 0);
  wait([main], 1, 0, null);
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { first, depth, level, parent } = next;
    const frames: number[] = [];
    for (let id: number | undefined = first; id !== undefined;) {
      frames.push(id);
      const [same, ...leaving]: number[] = childrenOf(tree, id).map((child) => child.id);
      wait(leaving, depth + frames.length, level + 1, branches.length);
      id = same;
    }
    branches.push({ frames, depth, level, parent });
  }
  return branches;
}

/**
 * The order that plays a branch through one of its frames to its end: what is played now as far as it leads there, with
 * its edits, and the rest of the branch.
 *
 * @throws RangeError if the branch does not have the frame
 */
export function orderThrough(tree: FrameTree, { frames }: Branch, id: number): PlayOrder {
  const at = frames.indexOf(id);
  if (at < 0) throw new RangeError(`frame ${id} is not on this branch`);
  const played = playedFrames(tree);
  const indices = new Map(played.map(({ frame }, index) => [frame, index]));
  const lineage = path(tree, id).map((node) => node.id);
  const left = lineage.findLastIndex((frame) => indices.has(frame));
  const kept = played.slice(0, (indices.get(lineage[left] ?? startId) ?? -1) + 1);
  const rest = [...lineage.slice(left + 1), ...frames.slice(at + 1)];
  return [...kept, ...rest.map((frame) => ({ frame }))];
}

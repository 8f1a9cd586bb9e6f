import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  branchesOf,
  childrenOf,
  endAt,
  hasBranches,
  orderThrough,
  path,
  playedFrames,
  startId,
  withOrder,
} from '../../../src/project/index.ts';
import type { Branch, FrameTree } from '../../../src/project/index.ts';
import { framesOf, treeFrom, trees } from '../../support/project.ts';

const ids = (tree: FrameTree) => playedFrames(tree).map(({ frame }) => frame);

function branchOf(tree: FrameTree, id: number): Branch {
  const branch = branchesOf(tree).find(({ frames }) => frames.includes(id));
  if (!branch) throw new Error(`no branch has frame ${id}`);
  return branch;
}

describe('the branches of a tree', () => {
  it('are one for each last frame; each frame is on one of them, at its distance from the start', () => {
    fc.assert(
      fc.property(trees(), (tree) => {
        const branches = branchesOf(tree);
        const tips = framesOf(tree).filter(({ id }) => childrenOf(tree, id).length === 0);
        expect(branches.map(({ frames }) => frames.at(-1)).sort()).toEqual(tips.map(({ id }) => id).sort());
        expect(branches.length > 1).toBe(hasBranches(tree));
        for (const { frames, depth, parent } of branches) {
          frames.forEach((id, at) => {
            expect(path(tree, id)).toHaveLength(depth + at);
          });
          const from = tree.nodes.get(frames[0] ?? 0)?.parent;
          if (parent === null || from === startId) expect(from).toBe(startId);
          else expect(branches[parent]?.frames).toContain(from);
        }
        expect(branches.flatMap(({ frames }) => frames)).toHaveLength(tree.nodes.size);
      }),
    );
  });

  it('come in an order in which no two cross when they are drawn below each other', () => {
    fc.assert(
      fc.property(trees(), (tree) => {
        const branches = branchesOf(tree);
        branches.forEach(({ depth, parent }, row) => {
          // The line from the branch that is left goes down at this depth, through the rows between.
          for (const between of branches.slice((parent ?? row) + 1, row)) {
            expect(between.depth).toBeGreaterThanOrEqual(depth);
          }
        });
      }),
    );
  });

  it('go on with the oldest child; others leave', () => {
    // 1 – 2 – 3, and from 1: 4 – 5, and from the start: 6.
    expect(branchesOf(treeFrom([0, 1, 2, 1, 4, 0]))).toEqual([
      { frames: [1, 2, 3], depth: 1, level: 0, parent: null },
      { frames: [4, 5], depth: 2, level: 1, parent: 0 },
      { frames: [6], depth: 1, level: 1, parent: 0 },
    ]);
    expect(hasBranches(treeFrom([0, 1, 2]))).toBe(false);
    expect(branchesOf(treeFrom([]))).toEqual([]);
  });
});

describe('the order through a frame of a branch', () => {
  it('is the path to the end of the branch, if nothing was edited', () => {
    fc.assert(
      fc.property(trees(), fc.nat(), fc.nat(), (tree, from, to) => {
        const frames = framesOf(tree);
        fc.pre(frames.length > 0);
        const played = endAt(tree, frames[from % frames.length]?.id ?? startId);
        const id = frames[to % frames.length]?.id ?? startId;
        fc.pre(!ids(played).includes(id));
        const branch = branchOf(tree, id);
        const order = orderThrough(played, branch, id).map(({ frame }) => frame);
        expect(order).toEqual(path(tree, branch.frames.at(-1)).map((node) => node.id));
      }),
    );
  });

  it('keeps edits of what leads to it', () => {
    // 1 – 2 – 3 – 4, of which 2 was deleted and 1 is held, and from 1: 5 – 6.
    const tree = withOrder(treeFrom([0, 1, 2, 3, 1, 5]), [{ frame: 1, hold: 3 }, { frame: 3 }, { frame: 4 }]);
    expect(orderThrough(tree, branchOf(tree, 5), 5)).toEqual([
      { frame: 1, hold: 3 },
      { frame: 5 },
      { frame: 6 },
    ]);
    // Frame 2 comes back, and what was made from it.
    expect(orderThrough(tree, branchOf(tree, 2), 2)).toEqual([
      { frame: 1, hold: 3 },
      { frame: 2 },
      { frame: 3 },
      { frame: 4 },
    ]);
  });
});

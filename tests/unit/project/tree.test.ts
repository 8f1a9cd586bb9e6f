import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  append,
  buildTree,
  childrenOf,
  emptyTree,
  endAt,
  documentFromText,
  documentToText,
  framesDuplicated,
  framesHeld,
  framesKept,
  framesMoved,
  framesRemoved,
  path,
  playedFrames,
  removeSubtree,
  restoreSubtree,
  startId,
  tipOf,
  treeOf,
  withOrder,
  withoutLost,
} from '../../../src/project/index.ts';
import { ProjectError } from '../../../src/base/index.ts';
import type { FrameNode, FrameTree } from '../../../src/project/index.ts';
import { documentOf, framesOf, newFrame, treeFrom, trees } from '../../support/project.ts';

const ids = (frames: readonly FrameNode[]) => frames.map(({ id }) => id);
const pick = (tree: FrameTree, choice: number) => framesOf(tree)[choice % tree.nodes.size]?.id ?? startId;

describe('a tree of frames', () => {
  it('starts empty, and its path is what was appended, in order', () => {
    expect(path(emptyTree)).toEqual([]);
    expect(ids(path(treeFrom([0, 1, 2])))).toEqual([1, 2, 3]);
  });

  it('keeps every branch: continuing from an earlier frame removes no others', () => {
    // Branches 1 – 2 – 3 and 1 – 4 – 5.
    const tree = treeFrom([0, 1, 2, 1, 4]);
    expect(ids(path(tree))).toEqual([1, 4, 5]);
    expect(ids(path(endAt(tree, 3)))).toEqual([1, 2, 3]);
    expect(ids(childrenOf(tree, 1))).toEqual([2, 4]);
    expect([tipOf(tree, 2), tipOf(tree, 1), tipOf(tree, startId)]).toEqual([3, 5, 5]);
  });

  it('has a path from every frame back to the start picture, each frame after its parent', () => {
    fc.assert(
      fc.property(trees(), (tree) => {
        for (const node of framesOf(tree)) {
          const way = path(tree, node.id);
          expect(way.at(-1)).toBe(node);
          expect(way[0]?.parent).toBe(startId);
          expect(way.slice(1).map(({ parent }) => parent)).toEqual(ids(way.slice(0, -1)));
          expect(ids(path(tree, tipOf(tree, node.id))).includes(node.id)).toBe(true);
        }
      }),
    );
  });

  it('appends a frame at its end and changes nothing else; ids are never reused', () => {
    fc.assert(
      fc.property(trees(), fc.nat(), (tree, choice) => {
        const before = framesOf(tree);
        const { tree: after, node } = append(tree, newFrame());
        expect(framesOf(after)).toEqual([...before, node]);
        expect(framesOf(tree)).toEqual(before);
        expect(ids(path(after))).toEqual([...ids(path(tree)), node.id]);
        const shorter = removeSubtree(after, pick(after, choice)).tree;
        expect(append(shorter, newFrame(), startId).node.id).toBeGreaterThan(node.id);
      }),
    );
  });

  it('removes exactly a frame with its descendants, and restores it exactly', () => {
    fc.assert(
      fc.property(trees(), fc.nat(), (tree, choice) => {
        fc.pre(tree.nodes.size > 0);
        const id = pick(tree, choice);
        const { tree: after, removed } = removeSubtree(tree, id);
        const isGone = (node: FrameNode) => ids(path(tree, node.id)).includes(id);
        expect(framesOf(after)).toEqual(framesOf(tree).filter((node) => !isGone(node)));
        expect(removed.nodes).toEqual(framesOf(tree).filter(isGone));
        // The animation ends at its last remaining frame.
        expect(ids(path(after))).toEqual(ids(path(tree).filter((node) => !isGone(node))));
        expect(restoreSubtree(after, removed)).toEqual(tree);
      }),
    );
  });

  it('restores subtrees in reverse order of removal, and keeps an end that was moved meanwhile', () => {
    const tree = treeFrom([0, 1, 2, 1, 4]);
    const outer = removeSubtree(tree, 4);
    const inner = removeSubtree(outer.tree, 2);
    expect(restoreSubtree(restoreSubtree(inner.tree, inner.removed), outer.removed)).toEqual(tree);
    const root = removeSubtree(outer.tree, 1);
    // Its parent is missing.
    expect(restoreSubtree(root.tree, outer.removed)).toBe(root.tree);
    const moved = endAt(outer.tree, 2);
    expect(restoreSubtree(moved, outer.removed).leaf).toBe(2);
  });

  it('is rebuilt from its frames in any order', () => {
    fc.assert(
      fc.property(trees(), fc.infiniteStream(fc.double()), (tree, order) => {
        const keys = new Map(framesOf(tree).map(({ id }) => [id, order.next().value]));
        const shuffled = framesOf(tree).sort((a, b) => (keys.get(a.id) ?? 0) - (keys.get(b.id) ?? 0));
        expect(buildTree(shuffled, tree.leaf)).toEqual(tree);
      }),
    );
  });

  const node = (id: number, parent: number): FrameNode => ({ ...newFrame(), id, parent });
  it.each<[string, FrameNode[], number]>([
    ['has a frame twice', [node(1, 0), node(1, 0)], 1],
    ['has a frame whose parent is missing', [node(1, 0), node(3, 2)], 1],
    ['has a cycle', [node(1, 2), node(2, 1)], 1],
    ['has a frame that is its own parent', [node(1, 1)], 1],
    ['ends at a frame that is not there', [node(1, 0)], 2],
    ['has a frame with the id of the start picture', [node(0, 0)], 0],
  ])('that %s is rejected', (_, frames, leaf) => {
    expect(() => buildTree(frames, leaf)).toThrow(
      expect.objectContaining({ name: 'ProjectError', code: 'tree-damaged' }),
    );
  });

  it('drops frames whose pictures are lost, with their descendants', () => {
    fc.assert(
      fc.property(trees(), fc.array(fc.nat({ max: 12 })), (tree, lost) => {
        const left = withoutLost(tree, (id) => lost.includes(id));
        const isLeft = (frame: FrameNode) => path(tree, frame.id).every(({ id }) => !lost.includes(id));
        expect(framesOf(left)).toEqual(framesOf(tree).filter(isLeft));
        expect(path(left)).toEqual(path(tree).filter(isLeft));
      }),
    );
  });

  it('throws for unknown frames', () => {
    expect(() => endAt(emptyTree, 1)).toThrow(RangeError);
    expect(() => append(emptyTree, newFrame(), 5)).toThrow(RangeError);
    expect(() => removeSubtree(emptyTree, startId)).toThrow(RangeError);
  });
});

describe('the order of an edited animation', () => {
  const order = [{ frame: 2 }, { frame: 1, hold: 3 }, { frame: 2 }];

  it('ends with the leaf, from which new frames are made, and is none if it is a path of the tree', () => {
    const tree = withOrder(treeFrom([0, 1, 2]), order);
    expect([tree.leaf, tree.order]).toEqual([2, order]);
    const { tree: longer, node } = append(tree, newFrame());
    expect(node.parent).toBe(2);
    expect(playedFrames(longer)).toEqual([...order, { frame: 4 }]);
    expect(withOrder(tree, [{ frame: 1 }, { frame: 2 }])).toMatchObject({ leaf: 2, order: null });
    expect(withOrder(tree, [])).toMatchObject({ leaf: startId, order: null });
    expect(() => withOrder(tree, [{ frame: 9 }])).toThrow(RangeError);
  });

  it('loses the frames that are removed or lost', () => {
    const tree = withOrder(treeFrom([0, 1, 0]), [{ frame: 3 }, { frame: 2 }, { frame: 3 }, { frame: 2 }]);
    expect(playedFrames(removeSubtree(tree, 2).tree)).toEqual([{ frame: 3 }, { frame: 3 }]);
    const lossy = withoutLost(tree, (id) => id === 3);
    expect([playedFrames(lossy), lossy.leaf]).toEqual([[{ frame: 2 }, { frame: 2 }], 2]);
  });

  it('is in the file, of which only then the version is newer, and is checked', () => {
    const plain = documentOf(treeFrom([0, 1]));
    expect(documentToText(plain)).toContain('"version": 1,');
    const document = { ...plain, order: [{ frame: 2, hold: 2 }, { frame: 2 }] };
    const text = documentToText(document);
    expect(text).toContain('"version": 2,');
    expect(treeOf(documentFromText(text)).order).toEqual(document.order);
    for (const wrong of [[{ frame: 2 }, { frame: 1 }], [{ frame: 3 }, { frame: 2 }], []]) {
      expect(() => documentFromText(documentToText({ ...plain, order: wrong }))).toThrow(ProjectError);
    }
  });

  it('is edited: frames removed, kept, repeated, held and moved', () => {
    const [a, b, c, d] = [{ frame: 1 }, { frame: 2, hold: 2 }, { frame: 3 }, { frame: 4 }];
    const all = [a, b, c, d];
    const [second, ends] = [new Set([1]), new Set([0, 3])];
    expect(framesRemoved(all, ends)).toEqual([b, c]);
    expect(framesKept(all, ends)).toEqual([a, d]);
    expect(framesDuplicated(all, new Set([0, 1]))).toEqual([a, b, a, b, c, d]);
    expect(framesHeld(all, second, 1)).toEqual([a, { frame: 2 }, c, d]);
    expect(framesHeld(all, ends, 5)[3]).toEqual({ frame: 4, hold: 5 });
    expect(framesHeld(all, ends, 1e9)[0]).toEqual({ frame: 1, hold: 1000 });
    expect(framesMoved(all, second, 4)).toEqual({ order: [a, c, d, b], first: 3 });
    expect(framesMoved(all, second, 1).order).toEqual(all);
    expect(framesMoved(all, ends, 2)).toEqual({ order: [b, a, d, c], first: 1 });
  });
});

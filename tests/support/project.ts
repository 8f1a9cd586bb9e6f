import fc from 'fast-check';
import type { Picture } from '../../src/base/index.ts';
import { append, defaultSettings, emptyTree } from '../../src/project/index.ts';
import type { FrameNode, FrameTree, NewFrame, ProjectDocument } from '../../src/project/index.ts';

/** Picture of random noise, which hardly compresses. */
export function noisy(width: number, height: number, seed: number, alpha = 255): Picture {
  const data = new Uint8ClampedArray(4 * width * height);
  let state = seed * 2654435761 + 1;
  for (let i = 0; i < data.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    data[i] = i % 4 === 3 ? alpha : state >>> 24;
  }
  return { width, height, data };
}

export function newFrame(changes: Partial<NewFrame> = {}): NewFrame {
  return {
    variant: 0,
    settings: { ...defaultSettings, width: 64, height: 64, seed: 7 },
    model: 'Shapes',
    width: 64,
    height: 64,
    insight: {
      guidance: 0.9,
      positivesBefore: 0.1,
      positivesAfter: 0.2,
      negativesBefore: null,
      negativesAfter: null,
      texture: null,
      predecessor: 0.8,
      start: 0.7,
      earlier: [0.75],
    },
    seconds: 1.5,
    made: '2025-01-31T12:00:00.000Z',
    ...changes,
  };
}

/** Tree in which frame i + 1 is a child of the frame `parents[i]`. */
export function treeFrom(parents: readonly number[]): FrameTree {
  return parents.reduce(
    (tree, parent) => append(tree, newFrame({ seconds: parent }), parent).tree,
    emptyTree,
  );
}

export function framesOf(tree: FrameTree): FrameNode[] {
  return [...tree.nodes];
}

export function documentOf(tree: FrameTree, changes: Partial<ProjectDocument> = {}): ProjectDocument {
  return {
    name: 'A project',
    created: '2025-01-31T11:00:00.000Z',
    start: { name: 'start.png', width: 64, height: 64, fit: 'crop' },
    settings: { ...defaultSettings, width: 64, height: 64, seed: 9 },
    leaf: tree.leaf,
    frames: framesOf(tree),
    ...changes,
  };
}

/** fast-check arbitrary: trees of up to `most` frames, with any frame as leaf. */
export const trees = (most = 12): fc.Arbitrary<FrameTree> =>
  fc
    .array(fc.nat(), { maxLength: most })
    .map((choices) => treeFrom(choices.map((choice, made) => choice % (made + 1))))
    .chain((tree) => fc.nat({ max: tree.nodes.size }).map((leaf) => ({ ...tree, leaf })));

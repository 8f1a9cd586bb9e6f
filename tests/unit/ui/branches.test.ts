import { describe, expect, it } from 'vitest';
import { branchesOf } from '../../../src/project/index.ts';
import {
  branchAfter,
  branchWords,
  branchPath,
  nearestFrame,
  playedRanges,
  scaleOf,
  scrolledTo,
} from '../../../src/ui/branches/drawing.ts';
import { treeFrom } from '../../support/project.ts';

// 1 – 2 – 3, from 2: 4 – 5, from 4: 6, and from the start: 7.
const branches = branchesOf(treeFrom([0, 1, 2, 2, 4, 4, 0]));
const [main, second, third, fromStart] = branches;
if (!main || !second || !third || !fromStart) throw new Error('there are four branches');

describe('the drawing of branches', () => {
  it('fits its width, and needs no more than it', () => {
    const long = [
      { frames: Array.from({ length: 10_000 }, (_, i) => i + 1), depth: 1, level: 0, parent: null },
    ];
    const tight = scaleOf(long, 390, 24);
    expect(tight.x(10_000)).toBeLessThan(390);
    expect(tight.hasDots).toBe(false);
    const loose = scaleOf(branches, 1400, 24);
    expect(loose.x(3)).toBeLessThan(140);
    expect(loose.hasDots).toBe(true);
  });

  it('has room for as many branches as a project can have frames, and more', () => {
    const many = Array.from({ length: 300_000 }, (_, i) => ({
      frames: [i + 1],
      depth: 1,
      level: 1,
      parent: 0,
    }));
    expect(scaleOf(many, 1400, 24).x(1)).toBe(40);
  });

  it('is scrolled as little as a row needs to be in view', () => {
    const list = { scrollTop: 48, clientHeight: 108 };
    expect(scrolledTo(3, 24, list)).toBe(48);
    expect(scrolledTo(1, 24, list)).toBe(24);
    expect(scrolledTo(7, 24, list)).toBe(84);
  });

  it('leads from the frame that a branch leaves down to its row', () => {
    const scale = scaleOf(branches, 1400, 24);
    expect(branchPath(main, 0, scale, { to: 2 })).toBe('M16 12H88');
    expect(branchPath(second, 1, scale, { to: 1 })).toBe('M64 12V28Q64 36 72 36H112');
    // A part that is played begins at the frame before it.
    expect(branchPath(main, 0, scale, { from: 2, to: 2 })).toBe('M64 12H88');
  });

  it('finds the frame at a position, and the parts that are played', () => {
    const scale = scaleOf(branches, 1400, 24);
    expect(nearestFrame(main, scale, scale.x(2) + 5)).toBe(1);
    expect(nearestFrame(main, scale, 1000)).toBe(2);
    expect(nearestFrame(second, scale, 0)).toBe(0);
    expect(playedRanges(main, (id) => id !== 2)).toEqual([
      [0, 0],
      [2, 2],
    ]);
  });

  it('is named by frames and by what is left', () => {
    expect(branches.map(branchWords)).toEqual([
      'Frames 1 to 3',
      'Frames 3 to 4, from frame 2',
      'Frame 4, from frame 3',
      'Frame 1, from the start',
    ]);
  });

  it.each([
    ['ArrowDown', 0, 1],
    ['ArrowDown', 3, 3],
    ['ArrowUp', 2, 1],
    ['ArrowLeft', 2, 1],
    ['ArrowLeft', 0, 0],
    ['ArrowRight', 1, 2],
    ['ArrowRight', 2, 2],
    ['Home', 2, 0],
    ['End', 0, 3],
    ['x', 0, null],
  ])('is walked by %s from branch %i to %s', (key, from, to) => {
    expect(branchAfter(branches, from, key)).toBe(to);
  });
});

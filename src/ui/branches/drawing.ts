import type { Branch } from '../../project/index.ts';

/** Drawing of branches: one row for each, one below the other; the distance from the start picture is across. */

/** Margins left and right of the drawing, in CSS pixels; on the right stand the labels. */
const margin = { left: 16, right: 132 };
/** Largest distance of two frames. */
const widest = 24;
/** Largest radius of the bends. */
const roundest = 8;
/** Smallest distance at which each frame gets a dot. */
const dotted = 10;

/** Scale of the drawing of branches, from depth and row to CSS pixels. */
export interface BranchScale {
  readonly x: (depth: number) => number;
  readonly y: (row: number) => number;
  /** Distance of two frames. */
  readonly step: number;
  /** Whether there is room for a dot for each frame. */
  readonly hasDots: boolean;
}

/**
 * @param width - width of the drawing in CSS pixels
 * @param height - height of a row
 */
export function scaleOf(branches: readonly Branch[], width: number, height: number): BranchScale {
  const deepest = branches.reduce((most, branch) => Math.max(most, lastDepth(branch)), 1);
  const step = Math.min(widest, Math.max(0, width - margin.left - margin.right) / deepest);
  return {
    x: (depth) => margin.left + depth * step,
    y: (row) => (row + 0.5) * height,
    step,
    hasDots: step >= dotted,
  };
}

/** Distance of a branch's last frame from the start picture. */
export function lastDepth({ depth, frames }: Branch): number {
  return depth + frames.length - 1;
}

/** SVG path of a branch, from the frame that it leaves to its frame at the index `to`. */
export function branchPath(
  { depth, parent }: Branch,
  row: number,
  { x, y, step }: BranchScale,
  { from = 0, to }: { readonly from?: number; readonly to: number },
): string {
  const end = `H${round(x(depth + to))}`;
  if (from > 0) return `M${round(x(depth + from - 1))} ${y(row)}${end}`;
  const [left, top, bottom] = [x(depth - 1), y(parent ?? row), y(row)];
  if (top === bottom) return `M${round(left)} ${bottom}${end}`;
  const radius = Math.min(roundest, step);
  const bend = `Q${round(left)} ${bottom} ${round(left + radius)} ${bottom}`;
  return `M${round(left)} ${top}V${bottom - radius}${bend}${end}`;
}

/** Ranges of a branch that are played, as pairs of indices of its frames. */
export function playedRanges({ frames }: Branch, isPlayed: (id: number) => boolean): [number, number][] {
  const ranges: [number, number][] = [];
  frames.forEach((id, index) => {
    if (!isPlayed(id)) return;
    const last = ranges.at(-1);
    if (last?.[1] === index - 1) last[1] = index;
    else ranges.push([index, index]);
  });
  return ranges;
}

/** Index of the frame of a branch that is nearest to a horizontal position. */
export function nearestFrame({ depth, frames }: Branch, { x, step }: BranchScale, at: number): number {
  const index = Math.round((at - x(depth)) / step);
  return Math.min(Math.max(index, 0), frames.length - 1);
}

/** Scroll offset of a list of rows at which a row is in view: unchanged if it is already. */
export function scrolledTo(
  index: number,
  row: number,
  { scrollTop, clientHeight }: { readonly scrollTop: number; readonly clientHeight: number },
): number {
  return Math.min(Math.max(scrollTop, (index + 1) * row - clientHeight), index * row);
}

/** Name of a branch: its frames by their distance from the start picture, and where it leaves another. */
export function branchWords(branch: Branch): string {
  const { depth, parent } = branch;
  const name = branchLabel(branch);
  if (parent === null) return name;
  return `${name}, from ${depth === 1 ? 'the start' : `frame ${depth - 1}`}`;
}

/** The frames of a branch, by their distance from the start picture. */
export function branchLabel(branch: Branch): string {
  const { depth, frames } = branch;
  return frames.length === 1 ? `Frame ${depth}` : `Frames ${depth} to ${lastDepth(branch)}`;
}

/** The index of the branch that an arrow key leads to from another; null if the key does not lead to any. */
export function branchAfter(branches: readonly Branch[], from: number, key: string): number | null {
  const last = branches.length - 1;
  switch (key) {
    case 'ArrowUp':
      return Math.max(0, from - 1);
    case 'ArrowDown':
      return Math.min(last, from + 1);
    case 'ArrowLeft':
      return branches[from]?.parent ?? from;
    case 'ArrowRight': {
      const child = branches.findIndex(({ parent }) => parent === from);
      return child < 0 ? from : child;
    }
    case 'Home':
      return 0;
    case 'End':
      return last;
    default:
      return null;
  }
}

function round(length: number): number {
  return Math.round(10 * length) / 10;
}

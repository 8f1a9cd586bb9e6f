import type { ProjectRecord } from './database.ts';
import type { PlayOrder } from './play-order.ts';
import type { FrameNode } from './tree.ts';

/** A change of a stored tree. */
export interface TreeWrite {
  readonly put: readonly FrameNode[];
  readonly remove: readonly number[];
  readonly leaf: number;
  /** The order that is played; null or absent for the path to `leaf`. */
  readonly order?: PlayOrder | null;
}

/** A project's record after a change of its tree at the time `now`, ISO 8601. */
export function recordAfter(
  { order: before, ...record }: ProjectRecord,
  { put, remove, leaf, order = null }: TreeWrite,
  now: string,
): ProjectRecord {
  // Selecting another last frame does not count as a change of the project.
  const isChange = put.length + remove.length > 0 || order !== null || before !== undefined;
  return {
    ...record,
    ...(isChange && { changed: now }),
    leaf,
    ...(order && { order: [...order] }),
    nextId: put.reduce((next, frame) => Math.max(next, frame.id + 1), record.nextId),
  };
}

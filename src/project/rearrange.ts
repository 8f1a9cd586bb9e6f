import { longestHold } from './play-order.ts';
import type { PlayOrder } from './play-order.ts';

/** Edits of an animation: each takes its order and a selection of its indices, and returns the new order. */

/** Indices of entries of an order. */
type Indices = ReadonlySet<number>;

/** The order without the selected frames. */
export function framesRemoved(order: PlayOrder, selected: Indices): PlayOrder {
  return order.filter((_, index) => !selected.has(index));
}

/** The selected frames alone. */
export function framesKept(order: PlayOrder, selected: Indices): PlayOrder {
  return order.filter((_, index) => selected.has(index));
}

/** The order with copies of the selected frames after the last of them. */
export function framesDuplicated(order: PlayOrder, selected: Indices): PlayOrder {
  const after = order.findLastIndex((_, index) => selected.has(index)) + 1;
  return [...order.slice(0, after), ...framesKept(order, selected), ...order.slice(after)];
}

/** The order with the selected frames each shown for `hold` frame times; clamped to 1 … `longestHold`. */
export function framesHeld(order: PlayOrder, selected: Indices, hold: number): PlayOrder {
  const times = Math.min(longestHold, Math.max(1, Math.round(hold)));
  return order.map((entry, index) => {
    if (!selected.has(index)) return entry;
    return { frame: entry.frame, ...(times > 1 && { hold: times }) };
  });
}

/**
 * The order with the selected frames moved together.
 *
 * @param to index in the old order before which they are put, from 0 to the number of frames
 * @returns the new order, and the index of the first of the moved frames in it
 */
export function framesMoved(
  order: PlayOrder,
  selected: Indices,
  to: number,
): { readonly order: PlayOrder; readonly first: number } {
  const before = framesRemoved(order.slice(0, to), selected);
  const after = order.slice(to).filter((_, index) => !selected.has(index + to));
  return { order: [...before, ...framesKept(order, selected), ...after], first: before.length };
}

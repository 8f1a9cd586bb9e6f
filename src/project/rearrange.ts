import { longestHold } from './play-order.ts';
import type { PlayOrder } from './play-order.ts';

/** Edits of an animation: each takes its order and a selection of places in it, from 0, and returns the new order. */

/** Places in an order, from 0. */
type Places = ReadonlySet<number>;

/** The order without the selected frames. */
export function framesRemoved(order: PlayOrder, selected: Places): PlayOrder {
  return order.filter((_, place) => !selected.has(place));
}

/** The selected frames alone. */
export function framesKept(order: PlayOrder, selected: Places): PlayOrder {
  return order.filter((_, place) => selected.has(place));
}

/** The order with copies of the selected frames after the last of them. */
export function framesDuplicated(order: PlayOrder, selected: Places): PlayOrder {
  const after = order.findLastIndex((_, place) => selected.has(place)) + 1;
  return [...order.slice(0, after), ...framesKept(order, selected), ...order.slice(after)];
}

/** The order with the selected frames each shown for `hold` frame times; clamped to 1 … `longestHold`. */
export function framesHeld(order: PlayOrder, selected: Places, hold: number): PlayOrder {
  const times = Math.min(longestHold, Math.max(1, Math.round(hold)));
  return order.map((entry, place) => {
    if (!selected.has(place)) return entry;
    return { frame: entry.frame, ...(times > 1 && { hold: times }) };
  });
}

/**
 * The order with the selected frames moved together.
 *
 * @param to place in the old order before which they are put, from 0 to the number of frames
 * @returns the new order, and the place of the first of the moved frames in it
 */
export function framesMoved(
  order: PlayOrder,
  selected: Places,
  to: number,
): { readonly order: PlayOrder; readonly first: number } {
  const before = framesRemoved(order.slice(0, to), selected);
  const after = order.slice(to).filter((_, place) => !selected.has(place + to));
  return { order: [...before, ...framesKept(order, selected), ...after], first: before.length };
}

import type { Random } from '../random.ts';
import type { View } from '../view.ts';

/** Position and size of a thing: the centre of its foot, or its centre if it is in the air or under water. */
export interface Place {
  readonly x: number;
  readonly y: number;
  /** Approximate height in user units. */
  readonly size: number;
  /** 0 in the foreground, 1 at the horizon. */
  readonly depth: number;
}

/** Draws a thing; all random choices come from `random`. */
export type DrawThing = (view: View, place: Place, random: Random) => void;

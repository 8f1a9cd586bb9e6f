import type { Random } from '../random.ts';
import type { View } from '../view.ts';

/** Where a thing stands: the middle of its foot (things in the air and in the deep: its centre), and how large it is. */
export interface Place {
  readonly x: number;
  readonly y: number;
  /** Height in units of the picture, about. */
  readonly size: number;
  /** 0 in the foreground, 1 at the horizon. */
  readonly depth: number;
}

/** Draws a thing; every choice is taken from `random`. */
export type DrawThing = (view: View, place: Place, random: Random) => void;

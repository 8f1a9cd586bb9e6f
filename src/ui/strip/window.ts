/** Which tiles of the film strip are drawn. All tiles have one width, so where each stands is known without drawing it. */

/** A tile's width, in CSS pixels, and the gap after it: those of Strip.module.css. */
const tileWidth = 72;
const gap = 8;
/** From one tile to the next. */
export const tileStep = tileWidth + gap;

/** Strips of so many tiles are drawn whole: that costs little, and searching the page finds all of them. */
const drawnWhole = 100;
/** So many tiles are drawn beyond either edge of the view, and they change in blocks of as many. */
const margin = 16;

/** Where a tile begins, counted from 0, in CSS pixels from the beginning of the list. */
export function tileLeft(index: number): number {
  return index * tileStep;
}

/** The width that stands for so many tiles in a row, without the gap after the last. */
export function spaceOf(tiles: number): number {
  return tiles * tileStep - gap;
}

/**
 * The tiles to draw, from `first` up to but not including `last`.
 *
 * @param left where the view begins, in CSS pixels from the beginning of the list; below zero before it
 * @param width of the view
 */
export function windowOf(tiles: number, left: number, width: number): { first: number; last: number } {
  if (tiles <= drawnWhole) return { first: 0, last: tiles };
  const block = (index: number) => Math.floor(index / margin) * margin;
  const first = Math.max(0, block(left / tileStep) - margin);
  const last = Math.min(tiles, block((left + width) / tileStep) + 2 * margin);
  // A view beyond the end, as right after frames went.
  if (first >= last) return { first: Math.max(0, block(tiles) - margin), last: tiles };
  return { first, last };
}

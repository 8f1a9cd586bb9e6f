/** Virtualization of the film strip. All tiles have the same width, so positions follow without rendering. */

/** Width of a tile and the gap after it in CSS pixels, as in Strip.module.css. */
const tileWidth = 72;
const gap = 8;
/** Distance from one tile to the next. */
export const tileStep = tileWidth + gap;

/** Strips up to this length are rendered whole: it is cheap, and the browser's search finds every tile. */
const drawnWhole = 100;
/** Tiles rendered beyond either edge of the view; also the block size in which the range changes. */
const margin = 16;

/** Left edge of a tile, counted from 0, in CSS pixels from the start of the list. */
export function tileLeft(index: number): number {
  return index * tileStep;
}

/** Width of a row of tiles, without the gap after the last. */
export function rowWidth(tiles: number): number {
  return tiles * tileStep - gap;
}

/**
 * Range of tiles to render, from `first` to before `last`.
 *
 * @param left - left edge of the view in CSS pixels from the start of the list; may be negative
 * @param width - width of the view in CSS pixels
 */
export function windowOf(tiles: number, left: number, width: number): { first: number; last: number } {
  if (tiles <= drawnWhole) return { first: 0, last: tiles };
  const block = (index: number) => Math.floor(index / margin) * margin;
  const first = Math.max(0, block(left / tileStep) - margin);
  const last = Math.min(tiles, block((left + width) / tileStep) + 2 * margin);
  // The view is beyond the end, for instance after frames were removed.
  if (first >= last) return { first: Math.max(0, block(tiles) - margin), last: tiles };
  return { first, last };
}

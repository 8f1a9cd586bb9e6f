import type { PlacedTile } from '../tiles.ts';
import { tileWeight } from '../tiles.ts';
import { at } from './arrays.ts';

/** Copies a rectangle of latents [planes, height, width] to `tile` [planes, tileHeight, tileWidth]: see `Compute.cutTile`. */
export function cutTile(latents: Float32Array, tile: Float32Array, placed: PlacedTile): void {
  eachPlace(placed, tile.length, (i, place) => {
    tile[i] = at(latents, place);
  });
}

/** Adds a decoded tile to a picture, weighted by its fades: see `Compute.blendTile`. */
export function blendTile(tile: Float32Array, out: Float32Array, placed: PlacedTile): void {
  eachPlace(placed, tile.length, (i, place, row, column) => {
    const share = tileWeight(placed.rows, row) * tileWeight(placed.columns, column);
    if (share > 0) out[place] = at(out, place) + share * at(tile, i);
  });
}

function eachPlace(
  { rows, columns, tileHeight, tileWidth, height, width }: PlacedTile,
  count: number,
  visit: (index: number, place: number, row: number, column: number) => void,
): void {
  for (let i = 0; i < count; i++) {
    const column = columns.start + (i % tileWidth);
    const row = rows.start + (Math.floor(i / tileWidth) % tileHeight);
    const plane = Math.floor(i / (tileWidth * tileHeight));
    visit(i, (plane * height + row) * width + column, row, column);
  }
}

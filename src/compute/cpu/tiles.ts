import type { TilePlacement } from '../tiles.ts';
import { tileWeight } from '../tiles.ts';
import { at } from './arrays.ts';

/** Copies a rectangle of latents [planes, height, width] to `tile` [planes, tileHeight, tileWidth]: see `Compute.cutTile`. */
export function cutTile(latents: Float32Array, tile: Float32Array, placement: TilePlacement): void {
  eachElement(placement, tile.length, (i, index) => {
    tile[i] = at(latents, index);
  });
}

/** Adds a decoded tile to a picture, weighted by its fades: see `Compute.blendTile`. */
export function blendTile(tile: Float32Array, out: Float32Array, placement: TilePlacement): void {
  eachElement(placement, tile.length, (i, index, row, column) => {
    const share = tileWeight(placement.rows, row) * tileWeight(placement.columns, column);
    if (share > 0) out[index] = at(out, index) + share * at(tile, i);
  });
}

function eachElement(
  { rows, columns, tileHeight, tileWidth, height, width }: TilePlacement,
  count: number,
  visit: (tileIndex: number, index: number, row: number, column: number) => void,
): void {
  for (let i = 0; i < count; i++) {
    const column = columns.start + (i % tileWidth);
    const row = rows.start + (Math.floor(i / tileWidth) % tileHeight);
    const plane = Math.floor(i / (tileWidth * tileHeight));
    visit(i, (plane * height + row) * width + column, row, column);
  }
}

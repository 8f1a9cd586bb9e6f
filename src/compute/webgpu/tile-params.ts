import type { TileSpan } from '../types.ts';

/** Beyond any pixel: the start of a ramp that does not exist. */
const never = 2 ** 24;

/** `rows` or `columns` of blend_tile. */
export function spanParams({ start, fade, fadeIn, fadeOut }: TileSpan) {
  return [start, fade, fadeIn ?? -never, fadeOut ?? never];
}

/** Sizes of a tile and of the tensor that contains it. */
export function placedParams(placed: Record<'tileHeight' | 'tileWidth' | 'height' | 'width', number>) {
  const { tileHeight, tileWidth, height, width } = placed;
  return { tile_height: tileHeight, tile_width: tileWidth, height, width };
}

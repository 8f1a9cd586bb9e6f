import type { TileSpan } from '../types.ts';

/** Beyond any pixel: the start of a ramp that does not exist. */
const never = 2 ** 24;

/** `rows` or `columns` of blend_tile. */
export function spanParams({ start, fade, fadeIn, fadeOut }: TileSpan) {
  return [start, fade, fadeIn ?? -never, fadeOut ?? never];
}

/** The sides of a tile and of what it is part of. */
export function placedParams(placed: Record<'tileHeight' | 'tileWidth' | 'height' | 'width', number>) {
  const { tileHeight, tileWidth, height, width } = placed;
  return { tile_height: tileHeight, tile_width: tileWidth, height, width };
}

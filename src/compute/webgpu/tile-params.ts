import type { TileSpan } from '../types.ts';

/** Start of an absent ramp, in pixels: beyond any picture, and exact in float32. */
const never = 2 ** 24;

/** Uniform `rows` or `columns` (vec4f, in pixels) of the kernel `blend_tile`. */
export function spanParams({ start, fade, fadeIn, fadeOut }: TileSpan) {
  return [start, fade, fadeIn ?? -never, fadeOut ?? never];
}

/** Uniforms of the tile kernels: height and width of a tile, and of the tensor that contains it. */
export function placementParams(placement: Record<'tileHeight' | 'tileWidth' | 'height' | 'width', number>) {
  const { tileHeight, tileWidth, height, width } = placement;
  return { tile_height: tileHeight, tile_width: tileWidth, height, width };
}

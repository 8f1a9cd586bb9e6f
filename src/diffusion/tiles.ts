import type { TileSpan } from '../compute/index.ts';

/** Minimum overlap of neighbouring tiles relative to a tile, as in diffusers' `enable_vae_tiling`. */
const overlap = 0.25;

/** A tile along one axis: its offset in the latents, and its span in pixels. */
export interface LatentTile {
  readonly start: number;
  readonly pixels: TileSpan;
}

/**
 * Evenly spread tiles of equal length that cover one axis of latents, each overlapping the next by at least a quarter.
 * Pixels are blended linearly over a quarter of a tile in the middle of each overlap; weights always add up to 1.
 *
 * @param length Length of the axis, in latents.
 * @param tile Length of a tile, in latents, at most `length`.
 * @param scale Pixels per latent.
 */
export function tilesAlong(length: number, tile: number, scale: number): LatentTile[] {
  const least = Math.floor(tile * overlap);
  const count = tile >= length ? 1 : Math.ceil((length - least) / (tile - least));
  const starts = Array.from({ length: count }, (_, index) =>
    count === 1 ? 0 : Math.round((index * (length - tile)) / (count - 1)),
  );
  const fade = Math.max(1, least * scale);
  /** Start of the fade from each tile to the next. */
  const fades = starts.slice(1).map((next, index) => {
    const middle = (next + (starts[index] ?? 0) + tile) / 2;
    return middle * scale - fade / 2;
  });
  return starts.map((start, index) => ({
    start,
    pixels: { start: start * scale, fade, fadeIn: fades[index - 1] ?? null, fadeOut: fades[index] ?? null },
  }));
}

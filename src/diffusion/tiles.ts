import type { TileSpan } from '../compute/index.ts';

/** The part of a tile that its neighbour overlaps at least, as in diffusers' `enable_vae_tiling`. */
const overlap = 0.25;

/** A tile along one side: where it begins in the latents, and where its pixels go. */
export interface Tile {
  readonly start: number;
  readonly pixels: TileSpan;
}

/**
 * Tiles of one length that cover a side of latents, evenly spread, each overlapping the next by a quarter or more. Their
 * pixels are blended linearly over a quarter of a tile in the middle of each overlap, so that weights always add up to 1.
 *
 * @param length - of the side, in latents
 * @param tile - length of a tile, in latents, at most `length`
 * @param scale - pixels to a latent
 */
export function tilesAlong(length: number, tile: number, scale: number): Tile[] {
  const least = Math.floor(tile * overlap);
  const count = tile >= length ? 1 : Math.ceil((length - least) / (tile - least));
  const starts = Array.from({ length: count }, (_, index) =>
    count === 1 ? 0 : Math.round((index * (length - tile)) / (count - 1)),
  );
  const fade = Math.max(1, least * scale);
  /** Where the fade from a tile into the next one begins. */
  const fades = starts.slice(1).map((next, index) => {
    const middle = (next + (starts[index] ?? 0) + tile) / 2;
    return middle * scale - fade / 2;
  });
  return starts.map((start, index) => ({
    start,
    pixels: { start: start * scale, fade, fadeIn: fades[index - 1] ?? null, fadeOut: fades[index] ?? null },
  }));
}

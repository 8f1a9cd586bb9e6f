import type { LatentSize } from '../base/index.ts';
import { isTooSmall } from './limits.ts';

/** Part of a batch of latents that a device decodes at once. */
export interface DecoderTile extends LatentSize {
  readonly rows: number;
}

/** Candidate sides of tiles, in latents. Smaller ones would have too little context. */
const tileSides = [256, 192, 128, 96, 64, 48, 32, 24, 16];

/**
 * The most that a device decodes at once: all rows if they fit, else one row, else the largest tile.
 *
 * @param check Throws a DeviceError if a tile does not fit.
 * @throws DeviceError thrown by `check` for one whole row, if no tile fits either
 */
export function largestTile(
  { height, width }: LatentSize,
  rows: number,
  check: (tile: DecoderTile) => void,
): DecoderTile {
  const fits = (tile: DecoderTile) => {
    try {
      check(tile);
      return true;
    } catch (error) {
      if (isTooSmall(error)) return false;
      throw error;
    }
  };
  if (rows > 1 && fits({ rows, height, width })) return { rows, height, width };
  const whole = { rows: 1, height, width };
  const tiles = tileSides
    .filter((side) => side < Math.max(height, width))
    .map((side) => ({ rows: 1, height: Math.min(side, height), width: Math.min(side, width) }));
  const tile = [whole, ...tiles].find(fits);
  if (tile) return tile;
  check(whole);
  throw new RangeError('a tile that does not fit is refused');
}

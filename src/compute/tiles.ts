import { elementCount, requireApart, requireShape, requireType } from './checks.ts';
import type { DeviceTensor, TileSpan } from './types.ts';

/** Position of a tile in a larger tensor, and the sizes of both. */
export interface TilePlacement {
  readonly rows: TileSpan;
  readonly columns: TileSpan;
  readonly tileHeight: number;
  readonly tileWidth: number;
  readonly height: number;
  readonly width: number;
}

/** Blend weight of a pixel row or column of a tile: 1, or a linear ramp within a fade. */
export function tileWeight({ fade, fadeIn, fadeOut }: TileSpan, position: number): number {
  const ramp = (from: number) => Math.min(1, Math.max(0, (position + 0.5 - from) / fade));
  return (fadeIn === null ? 1 : ramp(fadeIn)) * (1 - (fadeOut === null ? 0 : ramp(fadeOut)));
}

/** `cutTile`: position of the tile in the latents, and its number of elements. */
export function checkCutTile(latents: DeviceTensor, top: number, left: number, tile: DeviceTensor) {
  requireType('cutTile', latents, 'float32');
  requireType('cutTile', tile, 'float32', 'float16');
  const span = (start: number): TileSpan => ({ start, fade: 1, fadeIn: null, fadeOut: null });
  return tilePlacement('cutTile', latents, tile, span(top), span(left));
}

/** `blendTile`: position of the tile in the picture, and its number of elements. */
export function checkBlendTile(tile: DeviceTensor, out: DeviceTensor, rows: TileSpan, columns: TileSpan) {
  requireType('blendTile', tile, 'float32', 'float16');
  requireType('blendTile', out, 'float32');
  return tilePlacement('blendTile', out, tile, rows, columns);
}

function tilePlacement(
  operation: string,
  whole: DeviceTensor,
  tile: DeviceTensor,
  rows: TileSpan,
  columns: TileSpan,
): TilePlacement & { readonly count: number } {
  const [batch, planes, height = 0, width = 0] = whole.dims;
  const [tileBatch, tilePlanes, tileHeight = 0, tileWidth = 0] = tile.dims;
  const fits = ({ start, fade }: TileSpan, length: number, end: number) =>
    Number.isInteger(start) && start >= 0 && start + length <= end && fade > 0;
  requireShape(
    whole.dims.length === 4 &&
      tile.dims.length === 4 &&
      batch === tileBatch &&
      planes === tilePlanes &&
      fits(rows, tileHeight, height) &&
      fits(columns, tileWidth, width),
    operation,
    `a tile [b, c, h, w] that lies inside [b, c, H, W] (from ${rows.start}, ${columns.start})`,
    tile,
    whole,
  );
  requireApart(operation, whole, tile);
  return { rows, columns, tileHeight, tileWidth, height, width, count: elementCount(tile.dims) };
}

import type { PictureSize } from './png-decode.ts';

/** A frame of an encoded animation: one picture, or a cross-fade of two, by index. */
export interface Shot {
  readonly picture: number;
  /** The picture it fades to; equal to `picture` if `mix` is 0. */
  readonly next: number;
  /** Weight of `next`, in [0, 1). */
  readonly mix: number;
  readonly seconds: number;
}

/** Size of an output frame, and position of the scaled picture in it, in pixels; parts outside are cropped. */
export interface Placement extends PictureSize {
  readonly x: number;
  readonly y: number;
  readonly scaledWidth: number;
  readonly scaledHeight: number;
}

/** Rounding of frames to even sides, in pixels. */
const rounding = 2;

/**
 * Placement of a picture in a frame that was laid out for pictures of another size: with its own proportions, centred where
 * they are, whole (`pad`) or filling their area (`crop`). Returns `frame` if its proportions are theirs.
 */
export function placementIn(
  frame: Placement,
  { width, height }: PictureSize,
  fit: 'pad' | 'crop',
): Placement {
  const across = frame.scaledWidth / width;
  const down = frame.scaledHeight / height;
  const isSameShape =
    Math.abs(width * down - frame.scaledWidth) <= rounding ||
    Math.abs(height * across - frame.scaledHeight) <= rounding;
  if (isSameShape) return frame;
  const scale = fit === 'pad' ? Math.min(across, down) : Math.max(across, down);
  const scaledWidth = Math.max(1, Math.round(scale * width));
  const scaledHeight = Math.max(1, Math.round(scale * height));
  return {
    ...frame,
    x: frame.x + Math.floor((frame.scaledWidth - scaledWidth) / 2),
    y: frame.y + Math.floor((frame.scaledHeight - scaledHeight) / 2),
    scaledWidth,
    scaledHeight,
  };
}

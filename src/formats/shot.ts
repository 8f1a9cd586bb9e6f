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

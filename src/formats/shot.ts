import type { PictureSize } from './png-decode.ts';

/** A frame of a written animation: one picture, or a cross-fade of two. Pictures are counted from 0. */
export interface Shot {
  readonly picture: number;
  /** The picture that it fades to; the same where `mix` is 0. */
  readonly next: number;
  /** The share of `next`, from 0 to below 1. */
  readonly mix: number;
  readonly seconds: number;
}

/** A frame's size, and where a scaled picture stands in it, in pixels; what lies outside is cut. */
export interface Placement extends PictureSize {
  readonly x: number;
  readonly y: number;
  readonly scaledWidth: number;
  readonly scaledHeight: number;
}

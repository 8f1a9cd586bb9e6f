/** An 8-bit picture as every layer passes it on: RGBA, row by row from the top left, `4 * width * height` bytes. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray<ArrayBuffer>;
}

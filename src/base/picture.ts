/** An 8-bit picture as every layer passes it on: RGBA, row by row from the top left, `4 * width * height` bytes. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray<ArrayBuffer>;
}

/** Whether a picture's pixels (RGBA) have no transparency. */
export function isOpaque(data: Uint8ClampedArray): boolean {
  for (let i = 3; i < data.length; i += 4) if (data[i] !== 255) return false;
  return true;
}

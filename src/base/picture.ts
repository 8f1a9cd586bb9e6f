/** 8-bit RGBA picture, row by row from the top left, `4 * width * height` bytes. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray<ArrayBuffer>;
}

/**
 * Root mean square difference of two pictures over red, green and blue, 0 … 255.
 *
 * @throws RangeError if they differ in size
 */
export function pixelRms(a: Picture, b: Picture): number {
  if (a.width !== b.width || a.height !== b.height) {
    throw new RangeError(`pictures of ${a.width}×${a.height} and ${b.width}×${b.height} cannot be compared`);
  }
  let sum = 0;
  for (let index = 0; index < a.data.length; index++) {
    if (index % 4 < 3) sum += ((a.data[index] ?? NaN) - (b.data[index] ?? NaN)) ** 2;
  }
  return Math.sqrt(sum / (3 * a.width * a.height));
}

/** True if all alpha values of RGBA `data` are 255. */
export function isOpaque(data: Uint8ClampedArray): boolean {
  for (let i = 3; i < data.length; i += 4) if (data[i] !== 255) return false;
  return true;
}

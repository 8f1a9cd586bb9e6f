import { at } from './arrays.ts';

/**
 * Maps -1…1 to 0…255 without rounding, in float32 arithmetic like PyTorch and the kernels. Storing the result in a
 * Uint8ClampedArray rounds half to even, clamps, and turns NaN into 0.
 */
export function toByte(value: number): number {
  return Math.fround(Math.fround(value * 0.5 + 0.5) * 255);
}

/** Converts decoder output [batch, 3, height, width] in -1…1 to opaque RGBA [batch, height, width, 4]. NaN becomes 0. */
export function frameFromDecoded(
  decoded: Float32Array,
  batch: number,
  height: number,
  width: number,
): Uint8ClampedArray<ArrayBuffer> {
  const area = height * width;
  const out = new Uint8ClampedArray(4 * batch * area);
  for (let item = 0; item < batch; item++) {
    for (let pixel = 0; pixel < area; pixel++) {
      const target = 4 * (item * area + pixel);
      for (let channel = 0; channel < 3; channel++) {
        out[target + channel] = toByte(at(decoded, (3 * item + channel) * area + pixel));
      }
      out[target + 3] = 255;
    }
  }
  return out;
}

import type { Picture } from '../base/index.ts';

/**
 * Converts a picture to planar YUV 4:2:0, ITU-R BT.709, limited range: Y (16 to 235), then Cb and Cr (16 to 240), averaged
 * over 2 × 2 pixels. Done here because browsers differ in matrix and range, and players do not support every choice.
 *
 * Width and height must be even. Returns `3/2 * width * height` bytes.
 */
export function toI420({ width, height, data }: Picture): Uint8Array<ArrayBuffer> {
  const luma = width * height;
  const planes = new Uint8Array((luma * 3) / 2);
  const half = width / 2;
  for (let y = 0; y < height; y += 2) {
    for (let x = 0; x < width; x += 2) {
      let red = 0;
      let green = 0;
      let blue = 0;
      for (let i = 0; i < 4; i++) {
        const at = (y + (i >> 1)) * width + x + (i & 1);
        const r = data[4 * at] ?? 0;
        const g = data[4 * at + 1] ?? 0;
        const b = data[4 * at + 2] ?? 0;
        planes[at] = Math.round(16 + (219 / 255) * (0.2126 * r + 0.7152 * g + 0.0722 * b));
        red += r / 4;
        green += g / 4;
        blue += b / 4;
      }
      // Cb from B − Y and Cr from R − Y, scaled to ±112 around 128: BT.709-6, items 3.2 to 3.4.
      const mean = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
      const at = luma + (y / 2) * half + x / 2;
      planes[at] = Math.round(128 + ((224 / 255) * (blue - mean)) / 1.8556);
      planes[at + luma / 4] = Math.round(128 + ((224 / 255) * (red - mean)) / 1.5748);
    }
  }
  return planes;
}

import type { Picture } from '../base/index.ts';

/**
 * An 8-bit picture as planar 4:2:0 video in the limited range of ITU-R BT.709: Y (16 to 235), then Cb and Cr (16 to
 * 240), each of the latter the mean of 2 × 2 pixels. Left to themselves, browsers choose matrix and range each in
 * their own way, and players do not follow every choice.
 *
 * Both sides have to be even; `3/2 * width * height` bytes.
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
      // The two differences, B − Y and R − Y, stretched to ±112 about 128: BT.709-6, items 3.2 to 3.4.
      const mean = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
      const at = luma + (y / 2) * half + x / 2;
      planes[at] = Math.round(128 + ((224 / 255) * (blue - mean)) / 1.8556);
      planes[at + luma / 4] = Math.round(128 + ((224 / 255) * (red - mean)) / 1.5748);
    }
  }
  return planes;
}

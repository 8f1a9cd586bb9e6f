import type { Picture } from '../../../src/base/index.ts';

/**
 * Crops a picture around its centre to the aspect ratio of `width`×`height`, and resizes it with a box filter, as the
 * page does.
 */
export function fitPicture(picture: Picture, width: number, height: number): Picture {
  const scale = Math.min(picture.width / width, picture.height / height);
  const columns = spans(picture.width, width, scale);
  const rows = spans(picture.height, height, scale);
  const fitted = new Uint8ClampedArray(4 * width * height);
  for (const [row, { from: y0, to: y1 }] of rows.entries()) {
    for (const [column, { from: x0, to: x1 }] of columns.entries()) {
      for (let channel = 0; channel < 4; channel++) {
        let sum = 0;
        for (let y = y0; y < y1; y++) {
          for (let x = x0; x < x1; x++) sum += picture.data[4 * (y * picture.width + x) + channel] ?? 0;
        }
        fitted[4 * (row * width + column) + channel] = sum / ((y1 - y0) * (x1 - x0));
      }
    }
  }
  return { width, height, data: fitted };
}

/**
 * Range of source pixels that each of `count` target pixels covers: `scale` pixels each, centred on a line of `length`.
 */
function spans(length: number, count: number, scale: number): { from: number; to: number }[] {
  const begin = Math.floor((length - count * scale) / 2);
  return Array.from({ length: count }, (_, index) => {
    const from = Math.min(length - 1, begin + Math.floor(index * scale));
    return { from, to: Math.min(length, Math.max(from + 1, begin + Math.floor((index + 1) * scale))) };
  });
}

/** Gap between the pictures of a sheet, in pixels. */
const gap = 4;

/** Arranges rows of pictures of one size into one picture, on white. */
export function contactSheet(rows: readonly (readonly Picture[])[]): Picture {
  const [first] = rows[0] ?? [];
  if (!first) throw new RangeError('a sheet needs at least one picture');
  const columns = Math.max(...rows.map((row) => row.length));
  const width = columns * (first.width + gap) + gap;
  const height = rows.length * (first.height + gap) + gap;
  const data = new Uint8ClampedArray(4 * width * height).fill(255);
  for (const [row, pictures] of rows.entries()) {
    for (const [column, picture] of pictures.entries()) {
      const [left, top] = [gap + column * (first.width + gap), gap + row * (first.height + gap)];
      for (let y = 0; y < picture.height; y++) {
        const line = picture.data.subarray(4 * y * picture.width, 4 * (y + 1) * picture.width);
        data.set(line, 4 * ((top + y) * width + left));
      }
    }
  }
  return { width, height, data };
}

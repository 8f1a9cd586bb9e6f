import type { Picture } from '../../../src/base/index.ts';

/** The middle of a picture as a square of `side` pixels, each the mean of what it covers: how the page fits pictures. */
export function fitSquare(picture: Picture, side: number): Picture {
  const { width, height, data } = picture;
  const crop = Math.min(width, height);
  const [left, top] = [Math.floor((width - crop) / 2), Math.floor((height - crop) / 2)];
  const bounds = Array.from({ length: side }, (_, index) => {
    const from = Math.floor((index * crop) / side);
    return { from, to: Math.max(from + 1, Math.floor(((index + 1) * crop) / side)) };
  });
  const fitted = new Uint8ClampedArray(4 * side * side);
  for (const [row, { from: y0, to: y1 }] of bounds.entries()) {
    for (const [column, { from: x0, to: x1 }] of bounds.entries()) {
      for (let channel = 0; channel < 4; channel++) {
        let sum = 0;
        for (let y = y0; y < y1; y++) {
          for (let x = x0; x < x1; x++) sum += data[4 * ((top + y) * width + left + x) + channel] ?? 0;
        }
        fitted[4 * (row * side + column) + channel] = sum / ((y1 - y0) * (x1 - x0));
      }
    }
  }
  return { width: side, height: side, data: fitted };
}

/** Pixels between the pictures of a sheet. */
const gap = 4;

/** Rows of pictures of one size as one picture, on white. */
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

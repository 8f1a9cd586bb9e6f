import { at } from './arrays.ts';

/**
 * Cosine of every row of `a` [rows, length] with every row of `b` [columns, length].
 *
 * @returns [rows, columns], in -1…1; NaN for rows of zeros
 */
export function cosines(
  a: Float32Array,
  b: Float32Array,
  rows: number,
  columns: number,
  length: number,
): Float32Array<ArrayBuffer> {
  const out = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      let product = 0;
      let squareA = 0;
      let squareB = 0;
      for (let i = 0; i < length; i++) {
        const x = at(a, row * length + i);
        const y = at(b, column * length + i);
        product += x * y;
        squareA += x * x;
        squareB += y * y;
      }
      const cosine = product / Math.sqrt(squareA * squareB);
      out[row * columns + column] = Math.min(1, Math.max(-1, cosine));
    }
  }
  return out;
}

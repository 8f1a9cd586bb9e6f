import type { GuidanceTerms } from '../types.ts';
import { at } from './arrays.ts';

/** Mean of `rows` rows of `length` elements, starting at row `first`; zeros if there are none. */
function meanRow(values: Float32Array, first: number, rows: number, length: number): Float64Array {
  const mean = new Float64Array(length);
  for (let row = first; row < first + rows; row++) {
    for (let i = 0; i < length; i++) mean[i] = at(mean, i) + at(values, row * length + i) / rows;
  }
  return mean;
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += at(a, i) * at(b, i);
  return sum;
}

const norm = (a: ArrayLike<number>): number => Math.sqrt(dot(a, a));

/**
 * Moves image embeddings toward some prompts and away from others by plain gradient descent (learning rate 1) on
 * `negativeScale · mean cos(e, negatives) - positiveScale · mean cos(e, positives)`.
 *
 * A mean of cosines with unit rows t is the dot product of ê with the mean of t, so both sides fold into one
 * direction m, and with ∂cos(e, t)/∂e = (t - cos·ê) / ‖e‖ the gradient is (m - (m·ê)·ê) / ‖e‖.
 *
 * @param embeds [rows, length]
 * @param text [positives + negatives, length], unit rows
 * @returns `shifted` [rows, length] and `report` [rows, 5] as `Compute.clipGuidance` describes them
 */
export function clipGuidance(
  embeds: Float32Array,
  rows: number,
  length: number,
  text: Float32Array,
  terms: Omit<GuidanceTerms, 'text'>,
): { shifted: Float32Array<ArrayBuffer>; report: Float32Array<ArrayBuffer> } {
  const positive = meanRow(text, 0, terms.positives, length);
  const negative = meanRow(text, terms.positives, terms.negatives, length);
  const direction = positive.map(
    (value, i) => terms.negativeScale * at(negative, i) - terms.positiveScale * value,
  );
  const shifted = new Float32Array(rows * length);
  const report = new Float32Array(rows * 5);
  for (let row = 0; row < rows; row++) {
    const before = Float64Array.from(embeds.subarray(row * length, (row + 1) * length));
    const e = before.slice();
    for (let repeat = 0; repeat < terms.repeats; repeat++) {
      const size = norm(e);
      const along = dot(direction, e) / size;
      for (let i = 0; i < length; i++) {
        e[i] = at(e, i) - (at(direction, i) - (along * at(e, i)) / size) / size;
      }
    }
    shifted.set(e, row * length);
    const sizeBefore = norm(before);
    const sizeAfter = norm(e);
    report.set(
      [
        Math.min(1, dot(before, e) / (sizeBefore * sizeAfter)),
        dot(positive, before) / sizeBefore,
        dot(positive, e) / sizeAfter,
        dot(negative, before) / sizeBefore,
        dot(negative, e) / sizeAfter,
      ],
      row * 5,
    );
  }
  return { shifted, report };
}

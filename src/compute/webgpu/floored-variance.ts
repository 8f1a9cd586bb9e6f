/** One over a deviation from the mean of squares and the square of the mean, as norms work it out in one pass. */
const deviation = /\binverseSqrt\((.+) - (\w+) \* \2 \+ /g;

/**
 * The smallest variance that is told from none, as a part of the mean's square: a deviation of a thousandth of the
 * mean, which are two steps from one float16 to the next. It keeps the mean over the deviation, which the kernel for
 * instance normalisation stores in float16, at a thousand too.
 */
const floor = 1e-6;

/**
 * The same WGSL with variances that cannot be negative.
 *
 * ONNX Runtime's norms (instance and layer normalisation, 1.30) take the mean of x² less the square of the mean of x, in
 * float32. Where all x are nearly the same, what is left is the sums' rounding error, below zero as often as above, and
 * far beyond any epsilon: a group of nothing but 37.3 came out as NaN, in float32 as in float16.
 */
export function withFlooredVariance(wgsl: string): string {
  return wgsl.replace(deviation, `inverseSqrt(max($1 - $2 * $2, ${floor.toFixed(6)} * $2 * $2) + `);
}

/** Reciprocal of a standard deviation computed from the mean of squares and the square of the mean. */
const deviation = /\binverseSqrt\((.+) - (\w+) \* \2 \+ /g;

/**
 * Smallest variance distinguished from zero, relative to the squared mean: a deviation of a thousandth of the mean, two
 * float16 steps.
 */
const floor = 1e-6;

/**
 * Rewrites WGSL so that variances cannot be negative.
 *
 * ONNX Runtime's group and layer norms (1.31) compute E[x²] - E[x]² in float32. For nearly constant x the result is
 * the rounding error of the sums, as often negative as positive, and far larger than epsilon: a group of nothing but 37.3
 * came out as NaN, in float32 as well as in float16.
 */
export function withFlooredVariance(wgsl: string): string {
  return wgsl.replace(deviation, `inverseSqrt(max($1 - $2 * $2, ${floor.toFixed(6)} * $2 * $2) + `);
}

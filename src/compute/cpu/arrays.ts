/**
 * Element `index`, NaN outside the array: a slip in an index then shows in every result instead of passing as
 * a zero.
 */
export function at(values: ArrayLike<number>, index: number): number {
  return values[index] ?? NaN;
}

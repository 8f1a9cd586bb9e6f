/** Element `index`, NaN if out of bounds, so that an indexing bug shows in the result instead of passing as 0. */
export function at(values: ArrayLike<number>, index: number): number {
  return values[index] ?? NaN;
}

/** Strided view of a storage, in elements: value [i, j, …] is at `offset + i*strides[0] + j*strides[1] + …`. */
export interface StridedView {
  readonly dims: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
}

/** One past the last element of a view; its offset if it is empty. */
export function viewEnd({ dims, strides, offset }: StridedView): number {
  if (dims.includes(0)) return offset;
  return dims.reduce((end, dim, axis) => end + (dim - 1) * (strides[axis] ?? 0), offset + 1);
}

/** True if the view is contiguous in row-major order. */
export function isContiguous({ dims, strides }: StridedView): boolean {
  let expected = 1;
  for (let axis = dims.length - 1; axis >= 0; axis--) {
    const dim = dims[axis] ?? 1;
    // The stride of an axis of length 1 is unused and arbitrary.
    if (dim !== 1 && strides[axis] !== expected) return false;
    expected *= dim;
  }
  return true;
}

/**
 * Copies a view's values in row-major order.
 *
 * @param stored Elements of the storage from the view's offset to its end.
 * @param count Product of `dims`.
 */
export function gather(
  stored: Float32Array<ArrayBuffer>,
  { dims, strides }: StridedView,
  count: number,
): Float32Array<ArrayBuffer> {
  const values = new Float32Array(count);
  const last = dims.length - 1;
  const rowLength = dims[last] ?? 1;
  const step = strides[last] ?? 1;
  // Odometer over all axes except the last, which is the inner loop.
  const position = new Array<number>(Math.max(last, 0)).fill(0);
  let from = 0;
  for (let row = 0; row < count; row += rowLength) {
    for (let i = 0; i < rowLength; i++) values[row + i] = stored[from + i * step] ?? 0;
    for (let axis = last - 1; axis >= 0; axis--) {
      const stride = strides[axis] ?? 0;
      const next = (position[axis] ?? 0) + 1;
      from += stride;
      if (next < (dims[axis] ?? 1)) {
        position[axis] = next;
        break;
      }
      from -= next * stride;
      position[axis] = 0;
    }
  }
  return values;
}

/** PNG signature, and the row filters (W3C PNG, chapter 9). */

export const pngSignature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

/** Row filters by their number in the file. */
const filters = { none: 0, left: 1, up: 2, average: 3, paeth: 4 } as const;
type Filter = (typeof filters)[keyof typeof filters];

/** Number of row filters; a higher number in a file is invalid. */
export const filterCount = Object.keys(filters).length;
const allFilters = Object.values(filters);

/** Filters rows for compression, choosing per row the filter with the least sum of differences. */
export function filterRows(
  data: Uint8ClampedArray,
  width: number,
  height: number,
  channels: 3 | 4,
): Uint8Array {
  const stride = width * channels;
  const out = new Uint8Array(height * (stride + 1));
  // Rows have a black pixel on the left, so that the first pixel needs no case of its own.
  let above = new Uint8Array(channels + stride);
  let row = new Uint8Array(channels + stride);
  let best = new Uint8Array(stride);
  let candidate = new Uint8Array(stride);
  for (let y = 0; y < height; y++) {
    if (channels === 4) row.set(data.subarray(4 * y * width, 4 * (y + 1) * width), channels);
    else copyOpaque(data, 4 * y * width, row);
    let least = Number.POSITIVE_INFINITY;
    let chosen: Filter = filters.none;
    for (const filter of allFilters) {
      const sum = filterRow(filter, row, above, channels, candidate);
      if (sum >= least) continue;
      [least, chosen] = [sum, filter];
      [best, candidate] = [candidate, best];
    }
    const at = y * (stride + 1);
    out[at] = chosen;
    out.set(best, at + 1);
    [above, row] = [row, above];
  }
  return out;
}

/** Copies a row of RGBA pixels from byte `at` as RGB, leaving one pixel free on the left. */
function copyOpaque(data: Uint8ClampedArray, at: number, row: Uint8Array): void {
  for (let i = 3, from = at; i < row.length; i += 3, from += 4) {
    row[i] = data[from] ?? 0;
    row[i + 1] = data[from + 1] ?? 0;
    row[i + 2] = data[from + 2] ?? 0;
  }
}

/**
 * Filters one row. There is a loop for each filter, here and in `restoreRow`: with one loop that chooses the filter for each
 * byte, decoding a picture takes twice as long.
 *
 * @param row with a pixel of zeros on the left, as `above`
 * @param out receives the differences
 * @returns sum of the absolute differences, as signed bytes
 */
function filterRow(
  filter: Filter,
  row: Uint8Array,
  above: Uint8Array,
  channels: 3 | 4,
  out: Uint8Array,
): number {
  const { length } = out;
  let sum = 0;
  switch (filter) {
    case filters.none:
      for (let i = 0; i < length; i++) sum += put(out, i, row[i + channels] ?? 0);
      return sum;
    case filters.left:
      for (let i = 0; i < length; i++) sum += put(out, i, (row[i + channels] ?? 0) - (row[i] ?? 0));
      return sum;
    case filters.up:
      for (let i = 0; i < length; i++) {
        sum += put(out, i, (row[i + channels] ?? 0) - (above[i + channels] ?? 0));
      }
      return sum;
    case filters.average:
      for (let i = 0; i < length; i++) {
        const mean = ((row[i] ?? 0) + (above[i + channels] ?? 0)) >> 1;
        sum += put(out, i, (row[i + channels] ?? 0) - mean);
      }
      return sum;
    case filters.paeth:
      for (let i = 0; i < length; i++) {
        const predicted = paeth(row[i] ?? 0, above[i + channels] ?? 0, above[i] ?? 0);
        sum += put(out, i, (row[i + channels] ?? 0) - predicted);
      }
      return sum;
  }
}

/** Stores a difference modulo 256. Returns its absolute value as a signed byte. */
function put(out: Uint8Array, i: number, value: number): number {
  const difference = value & 255;
  out[i] = difference;
  return difference < 128 ? difference : 256 - difference;
}

/**
 * Restores one row in place: the inverse of a row filter.
 *
 * @param filter number from the file, less than `filterCount`
 * @param row filtered bytes; afterwards, the row's pixels
 * @param above the restored row above, zeros for the first
 */
export function restoreRow(filter: number, row: Uint8Array, above: Uint8Array, channels: 3 | 4): void {
  const { length } = row;
  switch (filter) {
    case filters.left:
      for (let i = channels; i < length; i++) row[i] = (row[i] ?? 0) + (row[i - channels] ?? 0);
      break;
    case filters.up:
      for (let i = 0; i < length; i++) row[i] = (row[i] ?? 0) + (above[i] ?? 0);
      break;
    case filters.average:
      for (let i = 0; i < channels; i++) row[i] = (row[i] ?? 0) + ((above[i] ?? 0) >> 1);
      for (let i = channels; i < length; i++) {
        row[i] = (row[i] ?? 0) + (((row[i - channels] ?? 0) + (above[i] ?? 0)) >> 1);
      }
      break;
    case filters.paeth:
      for (let i = 0; i < channels; i++) row[i] = (row[i] ?? 0) + (above[i] ?? 0);
      for (let i = channels; i < length; i++) {
        row[i] = (row[i] ?? 0) + paeth(row[i - channels] ?? 0, above[i] ?? 0, above[i - channels] ?? 0);
      }
      break;
    default:
  }
}

/** Paeth's predictor (W3C PNG, 9.4): of left, up and corner, the one nearest to left + up - corner. */
function paeth(left: number, up: number, corner: number): number {
  const toLeft = Math.abs(up - corner);
  const toUp = Math.abs(left - corner);
  const toCorner = Math.abs(left + up - 2 * corner);
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}

/** PNG signature. */

export const pngSignature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

/** Filters rows for compression (W3C PNG, chapter 9), choosing per row the filter with the least sum of differences. */
export function filterRows(
  data: Uint8ClampedArray,
  width: number,
  height: number,
  channels: 3 | 4,
): Uint8Array {
  const stride = width * channels;
  const out = new Uint8Array(height * (stride + 1));
  let above = new Uint8Array(stride);
  let row = new Uint8Array(stride);
  const candidate = new Uint8Array(stride);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < channels; c++) row[x * channels + c] = data[4 * (y * width + x) + c] ?? 0;
    }
    const at = y * (stride + 1);
    let least = Number.POSITIVE_INFINITY;
    for (let kind = 0; kind < 5; kind++) {
      let sum = 0;
      for (let i = 0; i < stride; i++) {
        const difference = ((row[i] ?? 0) - predicted(kind, row, above, i, channels)) & 255;
        candidate[i] = difference;
        sum += difference < 128 ? difference : 256 - difference;
      }
      if (sum >= least) continue;
      least = sum;
      out[at] = kind;
      out.set(candidate, at + 1);
    }
    [above, row] = [row, above];
  }
  return out;
}

/** Prediction of a PNG row filter (W3C PNG, 9.2): 0 none, 1 left, 2 up, 3 average, 4 Paeth. */
export function predicted(
  kind: number,
  row: Uint8Array,
  above: Uint8Array,
  i: number,
  channels: number,
): number {
  const left = i >= channels ? (row[i - channels] ?? 0) : 0;
  const up = above[i] ?? 0;
  switch (kind) {
    case 1:
      return left;
    case 2:
      return up;
    case 3:
      return (left + up) >> 1;
    case 4: {
      const corner = i >= channels ? (above[i - channels] ?? 0) : 0;
      const toLeft = Math.abs(up - corner);
      const toUp = Math.abs(left - corner);
      const toCorner = Math.abs(left + up - 2 * corner);
      if (toLeft <= toUp && toLeft <= toCorner) return left;
      return toUp <= toCorner ? up : corner;
    }
    default:
      return 0;
  }
}

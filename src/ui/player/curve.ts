/** A bin of a curve: the range of its values, or null if it has none. */
type Part = { readonly low: number; readonly high: number } | null;

/** Maximum number of bins; beyond it neighbours are merged, since more could not be distinguished in pixels. */
const mostParts = 1024;

/**
 * Downsampled series of one value per frame: when there are too many bins, pairs of neighbours are merged into min/max
 * bins. Appending takes amortized constant time; the path has bounded length.
 */
export class Curve {
  #parts: Part[] = [];
  /** Values per bin. */
  #step = 1;
  #length = 0;
  #range: Part = null;

  get length(): number {
    return this.#length;
  }

  /** Range of all values, or null if there are none. */
  get range(): Part {
    return this.#range;
  }

  /** Appends the value of the next frame; null if the frame has none. */
  push(value: number | null): void {
    const part = value === null ? null : { low: value, high: value };
    const bin = Math.floor(this.#length / this.#step);
    this.#parts[bin] = bin < this.#parts.length ? joined(this.#parts[bin] ?? null, part) : part;
    this.#range = joined(this.#range, part);
    this.#length++;
    if (this.#parts.length <= mostParts) return;
    this.#step *= 2;
    this.#parts = Array.from({ length: Math.ceil(this.#parts.length / 2) }, (_, i) =>
      joined(this.#parts[2 * i] ?? null, this.#parts[2 * i + 1] ?? null),
    );
  }

  /**
   * The `d` attribute of an SVG path in a 100 × 100 view box, values from left to right, `high` at the top. Empty bins
   * leave gaps.
   */
  path({ low, high }: { readonly low: number; readonly high: number }): string {
    const last = Math.max(1, this.#length - 1);
    const up = (value: number) => (100 * (1 - (value - low) / (high - low))).toFixed(2);
    let pen = 'M';
    let path = '';
    for (const [bin, part] of this.#parts.entries()) {
      if (!part) {
        pen = 'M';
        continue;
      }
      const x = ((100 * bin * this.#step) / last).toFixed(2);
      path += `${pen}${x} ${up(part.low)}`;
      if (part.high > part.low) path += `L${x} ${up(part.high)}`;
      pen = 'L';
    }
    return path;
  }
}

function joined(a: Part, b: Part): Part {
  return a && b ? { low: Math.min(a.low, b.low), high: Math.max(a.high, b.high) } : (a ?? b);
}

/** Common range of several curves, padded by 10% of the spread at either end; null if there are no values. */
export function sharedRange(curves: readonly Pick<Curve, 'range'>[]): { low: number; high: number } | null {
  const range = curves.reduce<Part>((all, curve) => joined(all, curve.range), null);
  if (!range) return null;
  // Smaller differences are noise, and should look flat.
  const spread = Math.max(range.high - range.low, 0.01);
  const middle = (range.low + range.high) / 2;
  return { low: middle - 0.6 * spread, high: middle + 0.6 * spread };
}

/** Number of the frame, from 1, nearest to a horizontal position from 0 (left edge) to 1 (right edge). */
export function frameAt(position: number, frames: number): number {
  return 1 + Math.round(Math.min(1, Math.max(0, position)) * (frames - 1));
}

/** Round numbers in a range for the labels of an axis, at most `most`, with as many decimals as distinguish them. */
export function ticks(
  { low, high }: { readonly low: number; readonly high: number },
  most: number,
): { readonly values: readonly number[]; readonly decimals: number } {
  const least = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(least));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= least) ?? 10);
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const values: number[] = [];
  for (let n = Math.ceil(low / step - 1e-9); n * step <= high + 1e-9 * step; n++) {
    values.push(Number((n * step).toFixed(decimals)));
  }
  return { values: values.slice(0, most), decimals };
}

/** Frame numbers for the labels of the horizontal axis: the first, round ones between, and the last, at most `most`. */
export function frameTicks(frames: number, most: number): number[] {
  if (frames <= 2) return Array.from({ length: frames }, (_, index) => index + 1);
  const { values } = ticks({ low: 1, high: frames }, most - 1);
  // Labels closer to the ends than half the distance of others would overlap theirs.
  const gap = Math.max(1, ((values[1] ?? frames) - (values[0] ?? 1)) / 2);
  const between = values.filter((n) => Number.isInteger(n) && n - 1 >= gap && frames - n >= gap);
  return [1, ...between, frames];
}

/** A part of a curve that is drawn at one place: the range of its values, or null where none is known. */
type Part = { readonly low: number; readonly high: number } | null;

/** A curve of more parts is halved: there are no more pixels to draw them with. */
const mostParts = 1024;

/**
 * Values over the frames of an animation, one for each frame, as many as come: neighbours share a part once there are
 * too many to draw. Adding one takes constant time on average, and drawing all of them is bounded.
 */
export class Curve {
  #parts: Part[] = [];
  /** How many values a part holds. */
  #step = 1;
  #length = 0;
  #range: Part = null;

  get length(): number {
    return this.#length;
  }

  /** The range of all values, or null without any. */
  get range(): Part {
    return this.#range;
  }

  /** Adds the value of the next frame; null where there is nothing to compare with. */
  push(value: number | null): void {
    const part = value === null ? null : { low: value, high: value };
    const place = Math.floor(this.#length / this.#step);
    this.#parts[place] = place < this.#parts.length ? joined(this.#parts[place] ?? null, part) : part;
    this.#range = joined(this.#range, part);
    this.#length++;
    if (this.#parts.length <= mostParts) return;
    this.#step *= 2;
    this.#parts = Array.from({ length: Math.ceil(this.#parts.length / 2) }, (_, i) =>
      joined(this.#parts[2 * i] ?? null, this.#parts[2 * i + 1] ?? null),
    );
  }

  /**
   * The `d` of an SVG path over a field of 100 × 100: values from left to right, greater ones higher up. A frame
   * without a value leaves a gap.
   */
  path({ low, high }: { readonly low: number; readonly high: number }): string {
    const last = Math.max(1, this.#length - 1);
    const up = (value: number) => (100 * (1 - (value - low) / (high - low))).toFixed(2);
    let pen = 'M';
    let path = '';
    for (const [place, part] of this.#parts.entries()) {
      if (!part) {
        pen = 'M';
        continue;
      }
      const x = ((100 * place * this.#step) / last).toFixed(2);
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

/** The range that curves share: a little more than that of their values, or null without any. */
export function sharedRange(curves: readonly Pick<Curve, 'range'>[]): { low: number; high: number } | null {
  const range = curves.reduce<Part>((all, curve) => joined(all, curve.range), null);
  if (!range) return null;
  // Differences smaller than this are noise, and should look flat.
  const spread = Math.max(range.high - range.low, 0.01);
  const middle = (range.low + range.high) / 2;
  return { low: middle - 0.6 * spread, high: middle + 0.6 * spread };
}

/** The number of the frame that stands nearest to a place in a field of curves: 0 is its left edge, 1 its right. */
export function frameAt(place: number, frames: number): number {
  return 1 + Math.round(Math.min(1, Math.max(0, place)) * (frames - 1));
}

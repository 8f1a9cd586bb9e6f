/** Largest sum of the channels of a colour. */
const largestSum = 3 * 255;

/**
 * Nearest-neighbour search in a palette, by Euclidean distance in RGB. Colours are sorted by the sum of their channels,
 * whose difference bounds the distance from below, so that most of them need not be compared.
 */
export class ColourSearch {
  /** Red, green, blue, sum and palette index of each colour, in ascending order of the sum. */
  readonly #sorted: Float32Array;
  /** For each sum, rounded down: the number of colours with a smaller one. */
  readonly #starts = new Uint16Array(largestSum + 2);

  /** @param palette 3 values for each colour, 0 … 255 */
  constructor(palette: ArrayLike<number>) {
    const colours = Array.from({ length: palette.length / 3 }, (_, index) => {
      const [red, green, blue] = [
        palette[3 * index] ?? 0,
        palette[3 * index + 1] ?? 0,
        palette[3 * index + 2] ?? 0,
      ];
      return [red, green, blue, red + green + blue, index] as const;
    });
    colours.sort((a, b) => a[3] - b[3]);
    this.#sorted = Float32Array.from(colours.flat());
    let start = 0;
    for (let sum = 0; sum < this.#starts.length; sum++) {
      while (start < colours.length && (colours[start]?.[3] ?? 0) < sum) start++;
      this.#starts[sum] = start;
    }
  }

  /** Palette index of the colour that is nearest to [red, green, blue]. */
  nearest(red: number, green: number, blue: number): number {
    const sorted = this.#sorted;
    const sum = red + green + blue;
    const start = 5 * (this.#starts[Math.min(largestSum, Math.max(0, Math.floor(sum)))] ?? 0);
    let best = 0;
    let least = Infinity;
    let up = start;
    let down = start - 5;
    while (up < sorted.length || down >= 0) {
      if (up < sorted.length) {
        // The squared distance is at least a third of the squared difference of the sums.
        const beyond = (sorted[up + 3] ?? 0) - sum;
        if (beyond > 0 && beyond * beyond >= 3 * least) {
          up = sorted.length;
        } else {
          const r = red - (sorted[up] ?? 0);
          const g = green - (sorted[up + 1] ?? 0);
          const b = blue - (sorted[up + 2] ?? 0);
          const distance = r * r + g * g + b * b;
          if (distance < least) {
            least = distance;
            best = sorted[up + 4] ?? 0;
          }
          up += 5;
        }
      }
      if (down >= 0) {
        const beyond = sum - (sorted[down + 3] ?? 0);
        if (beyond > 0 && beyond * beyond >= 3 * least) {
          down = -5;
        } else {
          const r = red - (sorted[down] ?? 0);
          const g = green - (sorted[down + 1] ?? 0);
          const b = blue - (sorted[down + 2] ?? 0);
          const distance = r * r + g * g + b * b;
          if (distance < least) {
            least = distance;
            best = sorted[down + 4] ?? 0;
          }
          down -= 5;
        }
      }
    }
    return best;
  }
}

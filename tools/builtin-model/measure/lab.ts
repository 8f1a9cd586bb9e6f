import type { Picture } from '../../../src/base/index.ts';

/** Colour in CIE L*a*b* under D65: L in 0…100, a and b in about -128…127. */
export type Lab = readonly [L: number, a: number, b: number];

/** sRGB transfer function: linear light of each 8-bit level (IEC 61966-2-1). */
const linear = Float64Array.from({ length: 256 }, (_, level) => {
  const value = level / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
});

/** Converts an 8-bit sRGB colour to Lab. */
export function toLab(red: number, green: number, blue: number): Lab {
  const [r, g, b] = [linear[red] ?? NaN, linear[green] ?? NaN, linear[blue] ?? NaN];
  // XYZ relative to the white point.
  const x = curve((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047);
  const y = curve(0.2126729 * r + 0.7151522 * g + 0.072175 * b);
  const z = curve((0.0193339 * r + 0.119192 * g + 0.9503041 * b) / 1.08883);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

function curve(t: number): number {
  return t > (6 / 29) ** 3 ? Math.cbrt(t) : t / (3 * (6 / 29) ** 2) + 4 / 29;
}

/** Mean Lab colour of the upper, middle and lower third of a picture. */
export type Thirds = readonly [upper: Lab, middle: Lab, lower: Lab];

export function labOfThirds({ width, height, data }: Picture): Thirds {
  const band = (third: number): Lab => {
    const [from, to] = [Math.round((third * height) / 3), Math.round(((third + 1) * height) / 3)];
    const sum = [0, 0, 0];
    for (let pixel = from * width; pixel < to * width; pixel++) {
      const colour = toLab(data[4 * pixel] ?? 0, data[4 * pixel + 1] ?? 0, data[4 * pixel + 2] ?? 0);
      for (const [channel, value] of colour.entries()) sum[channel] = (sum[channel] ?? 0) + value;
    }
    const count = (to - from) * width;
    return [(sum[0] ?? 0) / count, (sum[1] ?? 0) / count, (sum[2] ?? 0) / count];
  };
  return [band(0), band(1), band(2)];
}

/** Distance of two palettes: mean colour difference of the thirds (CIE 1976 ΔE). */
export function paletteDistance(a: Thirds, b: Thirds): number {
  return (difference(a[0], b[0]) + difference(a[1], b[1]) + difference(a[2], b[2])) / 3;
}

function difference(a: Lab, b: Lab): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

/**
 * Share of ordered pairs in which a picture in `made` is closer to its own source in `from` than to another source. 1
 * is best, 0.5 is chance; null if there are fewer than two.
 */
export function closerToOwn(made: readonly Thirds[], from: readonly Thirds[]): number | null {
  let [closer, pairs] = [0, 0];
  for (const [index, variant] of made.entries()) {
    const own = from[index];
    if (!own) throw new RangeError('there are as many variants as photographs');
    for (const [other, stranger] of from.entries()) {
      if (other === index) continue;
      pairs++;
      if (paletteDistance(variant, own) < paletteDistance(variant, stranger)) closer++;
    }
  }
  return pairs > 0 ? closer / pairs : null;
}

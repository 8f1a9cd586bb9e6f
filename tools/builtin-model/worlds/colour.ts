/** Colour in OKLab (Ottosson 2020): lightness 0…1 and two opponent axes; perceptually uniform for mixing. */
export interface Colour {
  readonly l: number;
  readonly a: number;
  readonly b: number;
}

const toLinear = (v: number) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
const toGamma = (v: number) => (v <= 0.0031308 ? v * 12.92 : 1.055 * v ** (1 / 2.4) - 0.055);
const clamp = (v: number) => Math.min(1, Math.max(0, v));

/** Converts linear sRGB in 0…1 to OKLab. */
function fromLinear(r: number, g: number, b: number): Colour {
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return {
    l: 0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    a: 1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    b: 0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  };
}

/** Converts OKLab to linear sRGB, clamped to 0…1. */
function linear({ l, a, b }: Colour): [number, number, number] {
  const x = (l + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const y = (l - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const z = (l - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    clamp(4.0767416621 * x - 3.3077115913 * y + 0.2309699292 * z),
    clamp(-1.2684380046 * x + 2.6097574011 * y - 0.3413193965 * z),
    clamp(-0.0041960863 * x - 0.7034186147 * y + 1.707614701 * z),
  ];
}

/** Parses `#rrggbb`. */
export function hex(text: string): Colour {
  const value = Number.parseInt(text.slice(1), 16);
  const [r, g, b] = [(value >> 16) & 255, (value >> 8) & 255, value & 255];
  return fromLinear(toLinear(r / 255), toLinear(g / 255), toLinear(b / 255));
}

/** Formats a colour as `#rrggbb`. */
export function css(colour: Colour): string {
  const byte = (v: number) =>
    Math.round(toGamma(v) * 255)
      .toString(16)
      .padStart(2, '0');
  return `#${linear(colour).map(byte).join('')}`;
}

export function mix(from: Colour, to: Colour, t: number): Colour {
  return {
    l: from.l + (to.l - from.l) * t,
    a: from.a + (to.a - from.a) * t,
    b: from.b + (to.b - from.b) * t,
  };
}

/** Reflected colour of a surface under coloured light: the product in linear sRGB. */
export function multiply(surface: Colour, light: Colour): Colour {
  const [x, y] = [linear(surface), linear(light)];
  return fromLinear(x[0] * y[0], x[1] * y[1], x[2] * y[2]);
}

/** Adds to the lightness, clamped to 0…1. */
export function lighter(colour: Colour, by: number): Colour {
  return { ...colour, l: clamp(colour.l + by) };
}

/** Multiplies the chroma. */
export function saturated(colour: Colour, factor: number): Colour {
  return { l: colour.l, a: colour.a * factor, b: colour.b * factor };
}

/** Rotates the hue by an angle in radians. */
export function turned(colour: Colour, angle: number): Colour {
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  return { l: colour.l, a: c * colour.a - s * colour.b, b: s * colour.a + c * colour.b };
}

/** Colour from OKLCH: lightness 0…1, chroma (about 0.15 is vivid), hue in degrees. */
export function lch(l: number, chroma: number, hue: number): Colour {
  const angle = (hue * Math.PI) / 180;
  return { l, a: chroma * Math.cos(angle), b: chroma * Math.sin(angle) };
}

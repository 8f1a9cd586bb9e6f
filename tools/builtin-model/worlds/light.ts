import type { Attributes } from './attributes.ts';
import { css, hex, lch, lighter, mix, multiply, saturated, turned } from './colour.ts';
import type { Colour } from './colour.ts';
import { inks, skyColours } from './palettes.ts';
import type { SkyColours } from './palettes.ts';
import type { Random } from './random.ts';

/**
 * Light model of a scene: colour of a surface by distance, time of day, weather and palette.
 *
 * Modules specify surface colours in daylight. `lit` applies the light; `css` applies the grading of the palette (and
 * the inks of the print style) and formats the colour. All colours in the SVG have to be written by `css`.
 */
export class Light {
  readonly colours: SkyColours;
  readonly dark: boolean;
  readonly #scene: Attributes;
  readonly #fog: number;
  readonly #hue: number;
  readonly #chroma: number;
  readonly #lightness: number;

  constructor(scene: Attributes, random: Random) {
    this.#scene = scene;
    this.dark = scene.time === 'night' || scene.time === 'dusk';
    this.#fog = { clear: 0, cloudy: 0.06, fog: 0.44, rain: 0.16, snow: 0.14 }[scene.weather];
    this.#hue = random.range(-0.07, 0.07);
    this.#chroma = random.range(0.92, 1.1);
    this.#lightness = random.range(-0.02, 0.02);
    this.colours = inWeather(skyColours(scene.time, scene.tone), scene);
  }

  /**
   * Colour of a surface in this light.
   *
   * @param depth - 0 in the foreground, 1 at the horizon
   */
  lit(surface: Colour, depth: number): Colour {
    const { light, haze, contrast } = this.colours;
    // White surfaces take less of the light's chroma; otherwise snow at sunset would look like sand.
    const own = mix(
      light,
      { l: light.l, a: 0.3 * light.a, b: light.b - 0.02 },
      Math.max(0, (surface.l - 0.9) * 6),
    );
    const shaded = lighter(multiply(surface, own), -contrast * (1 - depth));
    const amount = Math.min(0.92, 0.72 * depth ** 1.25 + this.#fog * (0.25 + 0.75 * depth));
    return mix(shaded, haze, amount);
  }

  /** Colour of a light source: windows, lava, the moon. */
  glowing(colour: Colour, depth = 0): Colour {
    return mix(colour, this.colours.haze, 0.6 * this.#fog + 0.15 * depth);
  }

  /** Graded colour as `#rrggbb`. */
  css(colour: Colour): string {
    return css(this.#print(this.#graded(colour)));
  }

  /** Grading of the palette, with small random shifts per layout. */
  #graded(colour: Colour): Colour {
    const c = lighter(saturated(turned(colour, this.#hue), this.#chroma), this.#lightness);
    switch (this.#scene.palette) {
      case 'natural':
        return c;
      case 'warm':
        return { ...c, a: c.a + 0.014, b: c.b + 0.03 };
      case 'cool':
        return { ...c, a: c.a - 0.016, b: c.b - 0.032 };
      case 'pastel':
        return { l: 0.5 + c.l * 0.5, a: c.a * 0.66, b: c.b * 0.66 };
      case 'vivid':
        return { l: 0.5 + (c.l - 0.5) * 1.08, a: c.a * 1.26, b: c.b * 1.26 };
      case 'muted':
        return { l: 0.08 + c.l * 0.84, a: c.a * 0.58, b: c.b * 0.58 };
    }
  }

  /** Quantises toward the few inks of the print style: colours move most of the way to the ink of their lightness. */
  #print(colour: Colour): Colour {
    if (this.#scene.style !== 'print') return colour;
    const ramp = inks[this.#scene.tone] ?? inks[0] ?? [colour];
    const position = Math.min(1, Math.max(0, (colour.l - 0.2) / 0.72)) * (ramp.length - 1);
    const index = Math.min(ramp.length - 2, Math.floor(position));
    const [low, high] = [ramp[index] ?? colour, ramp[index + 1] ?? colour];
    const ink = mix(low, high, position - index);
    const l = 0.56 + 1.12 * (mix(ink, colour, 0.6).l - 0.56);
    return { l, a: ink.a * 0.55 + colour.a * 0.6, b: ink.b * 0.55 + colour.b * 0.6 };
  }
}

const overcast = hex('#9aa5b4');

/** Clouds reduce the light and chroma of the sky and of the surfaces below. */
function inWeather(colours: SkyColours, scene: Attributes): SkyColours {
  const grey = { clear: 0, cloudy: 0.22, fog: 0.36, rain: 0.5, snow: 0.38 }[scene.weather];
  if (grey === 0 && scene.family !== 'planet') return colours;
  const strange = scene.family === 'planet' ? strangeTurn(scene) : 0;
  const changed = (colour: Colour, lift = 0) => {
    const cloud = multiply(overcast, lighter(colours.light, 0.05));
    const dulled = mix(colour, { l: 0.5 * (colour.l + cloud.l) + lift, a: cloud.a, b: cloud.b }, grey);
    return turned(dulled, strange);
  };
  const lift = scene.weather === 'snow' ? 0.08 : scene.weather === 'fog' ? 0.05 : -0.04;
  const [zenith, middle, horizon] = colours.stops;
  return {
    stops: [changed(zenith, lift), changed(middle, lift), changed(horizon, lift)],
    haze: changed(colours.haze, lift),
    disc: colours.disc,
    light: mix(changed(colours.light), colours.light, 0.4),
    contrast: colours.contrast * (1 - grey / 2),
  };
}

/** Hue rotation of alien skies by tone, in radians. */
function strangeTurn({ tone }: Attributes): number {
  return [1.1, -1.3, 2.4][tone] ?? 1.1;
}

/** Ground colour of alien planets by tone. */
export function strangeGround({ tone, palette }: Attributes): Colour {
  return lch(0.62, palette === 'vivid' ? 0.15 : 0.11, [20, 300, 165][tone] ?? 20);
}

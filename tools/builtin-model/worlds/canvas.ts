import type { Style } from './attributes.ts';
import { lighter, mix } from './colour.ts';
import type { Colour } from './colour.ts';
import type { Light } from './light.ts';
import { side } from './shapes.ts';

export interface LayerOptions {
  /** Where the layer begins and ends, for gradients. */
  readonly top: number;
  readonly bottom?: number;
  /** What the gradient of the layer's lower part goes toward; the haze, as in mist, if nothing is said. */
  readonly foot?: Colour;
  readonly mist?: number;
}

/**
 * Collects a picture as SVG, in one of four styles: flat fills, soft gradients, cut paper whose layers throw shadows on
 * those behind them, and print, flat shapes with a second ink along the upper edge.
 */
export class Canvas {
  readonly style: Style;
  readonly light: Light;
  readonly #parts: string[] = [];
  readonly #definitions: string[] = [];
  #gradients = 0;

  constructor(style: Style, light: Light) {
    this.style = style;
    this.light = light;
  }

  /** A large layer of the landscape: from its path downward it hides what is behind. */
  layer(path: string, colour: Colour, { top, bottom = side, foot, mist = 0.4 }: LayerOptions): void {
    const { haze } = this.light.colours;
    switch (this.style) {
      case 'flat':
        this.shape(path, colour);
        break;
      case 'gradient': {
        const fill = this.gradient(top, bottom, [
          [0, lighter(colour, 0.03)],
          [1, foot ?? mix(colour, haze, mist)],
        ]);
        this.#parts.push(`<path d="${path}" fill="${fill}"/>`);
        break;
      }
      case 'paper': {
        this.#shadow(path, [2.2, 4.6, 7.5]);
        this.shape(path, colour);
        this.#parts.push(
          `<path d="${path}" fill="none" stroke="${this.light.css(lighter(colour, 0.07))}" stroke-width="1.2"/>`,
        );
        break;
      }
      case 'print': {
        const fill = this.gradient(top, Math.min(bottom, top + 70), [
          [0, lighter(colour, 0.09)],
          [0.35, colour],
          [1, lighter(colour, -0.03)],
        ]);
        this.#parts.push(`<path d="${path}" fill="${fill}"/>`);
        break;
      }
    }
  }

  /** A plain shape. */
  shape(path: string, colour: Colour, opacity = 1): void {
    const alpha = opacity < 1 ? ` fill-opacity="${opacity.toFixed(2)}"` : '';
    this.#parts.push(`<path d="${path}" fill="${this.light.css(colour)}"${alpha}/>`);
  }

  /** A thing before the landscape; in cut paper it throws a small shadow. */
  cut(path: string, colour: Colour): void {
    if (this.style === 'paper') this.#shadow(path, [1.4, 2.8]);
    this.shape(path, colour);
  }

  stroke(path: string, colour: Colour, width: number, opacity = 1): void {
    const alpha = opacity < 1 ? ` stroke-opacity="${opacity.toFixed(2)}"` : '';
    this.#parts.push(
      `<path d="${path}" fill="none" stroke="${this.light.css(colour)}" stroke-width="${width.toFixed(1)}" stroke-linecap="round" stroke-linejoin="round"${alpha}/>`,
    );
  }

  /** A shape filled with a vertical gradient, whatever the style. */
  graded(path: string, top: number, bottom: number, stops: readonly Stop[]): void {
    this.#parts.push(`<path d="${path}" fill="${this.gradient(top, bottom, stops)}"/>`);
  }

  /** Light round a point, fading out at a radius. */
  glow(x: number, y: number, r: number, colour: Colour, opacity: number): void {
    const id = this.#id();
    const fill = this.light.css(colour);
    this.#definitions.push(
      `<radialGradient id="${id}" gradientUnits="userSpaceOnUse" cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="${r.toFixed(1)}"><stop stop-color="${fill}" stop-opacity="${opacity.toFixed(2)}"/><stop offset=".4" stop-color="${fill}" stop-opacity="${(opacity * 0.45).toFixed(2)}"/><stop offset="1" stop-color="${fill}" stop-opacity="0"/></radialGradient>`,
    );
    this.#parts.push(
      `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="${r.toFixed(1)}" fill="url(#${id})"/>`,
    );
  }

  /** A paint server for a vertical gradient, in the coordinates of the picture. */
  gradient(top: number, bottom: number, stops: readonly Stop[]): string {
    const id = this.#id();
    const written = stops.map(
      ([offset, colour, opacity = 1]) =>
        `<stop offset="${offset.toFixed(2)}" stop-color="${this.light.css(colour)}"${opacity < 1 ? ` stop-opacity="${opacity.toFixed(2)}"` : ''}/>`,
    );
    this.#definitions.push(
      `<linearGradient id="${id}" gradientUnits="userSpaceOnUse" x1="0" y1="${top.toFixed(1)}" x2="0" y2="${bottom.toFixed(1)}">${written.join('')}</linearGradient>`,
    );
    return `url(#${id})`;
  }

  /** How much has been drawn so far: see `between`. */
  mark(): number {
    return this.#parts.length;
  }

  /** What was drawn between two marks, as SVG. */
  between(since: number, until: number): string {
    return this.#parts.slice(since, until).join('');
  }

  /** Draws something again, upside down below a line. */
  reflect(parts: string, y: number, opacity: number, until = side): void {
    const id = this.#id();
    const squeeze = 0.8;
    this.#definitions.push(
      `<clipPath id="${id}"><rect x="-8" y="${y.toFixed(1)}" width="${side + 16}" height="${(until - y).toFixed(1)}"/></clipPath>`,
    );
    this.#parts.push(
      `<g clip-path="url(#${id})" opacity="${opacity.toFixed(2)}"><g transform="matrix(1 0 0 ${-squeeze} 0 ${((1 + squeeze) * y).toFixed(1)})">${parts}</g></g>`,
    );
  }

  svg(pixels: number): string {
    return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${side} ${side}" width="${pixels}" height="${pixels}"><defs>${this.#definitions.join('')}</defs>${this.#parts.join('')}</svg>`;
  }

  /** The shadow of a sheet of paper on those behind it: copies, one on the other, are softer than one. */
  #shadow(path: string, offsets: readonly number[]): void {
    const ink = this.light.dark ? '#02030a' : '#20180f';
    for (const offset of offsets) {
      this.#parts.push(
        `<path d="${path}" transform="translate(${(offset * 0.45).toFixed(1)} ${(-offset * 0.75).toFixed(1)})" fill="${ink}" fill-opacity=".085"/>`,
      );
    }
  }

  #id(): string {
    return `g${this.#gradients++}`;
  }
}

export type Stop = readonly [offset: number, colour: Colour, opacity?: number];

import type { Style } from './attributes.ts';
import { lighter, mix } from './colour.ts';
import type { Colour } from './colour.ts';
import type { Light } from './light.ts';
import { side } from './shapes.ts';

export interface LayerOptions {
  /** Vertical extent of the layer, for gradients. */
  readonly top: number;
  readonly bottom?: number;
  /** Lower colour of the gradient; by default the colour mixed with haze by `mist`. */
  readonly foot?: Colour;
  readonly mist?: number;
}

/**
 * SVG builder with four styles: flat fills, soft gradients, cut paper with drop shadows, and print, flat shapes with a
 * lighter band along the upper edge.
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

  /** Draws a large layer of the landscape, which hides everything behind it. */
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

  /** Draws a plain shape. */
  shape(path: string, colour: Colour, opacity = 1): void {
    const alpha = opacity < 1 ? ` fill-opacity="${opacity.toFixed(2)}"` : '';
    this.#parts.push(`<path d="${path}" fill="${this.light.css(colour)}"${alpha}/>`);
  }

  /** Draws a thing in front of the landscape, with a small shadow in the paper style. */
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

  /** Draws a shape with a vertical gradient, in every style. */
  graded(path: string, top: number, bottom: number, stops: readonly Stop[]): void {
    this.#parts.push(`<path d="${path}" fill="${this.gradient(top, bottom, stops)}"/>`);
  }

  /** Draws a radial glow around a point, fading out at radius `r`. */
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

  /** Defines a vertical gradient in user space, and returns its paint (`url(#id)`). */
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

  /** Current position in the drawing, for `between`. */
  position(): number {
    return this.#parts.length;
  }

  /** SVG of what was drawn between two positions. */
  between(since: number, until: number): string {
    return this.#parts.slice(since, until).join('');
  }

  /** Draws SVG again as a reflection, mirrored at height `y`. */
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

  /** Drop shadow of a paper layer: overlapping offset copies give a soft edge. */
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

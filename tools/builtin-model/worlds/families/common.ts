import { lighter, mix } from '../colour.ts';
import type { Colour } from '../colour.ts';
import type { Random } from '../random.ts';
import { circle, curve, heightAt, ridge, side, under } from '../shapes.ts';
import type { Point, RidgeOptions } from '../shapes.ts';
import { drawThings } from '../things/index.ts';
import type { Place } from '../things/place.ts';
import type { View } from '../view.ts';
import { fogBank } from '../weather.ts';

/** Draws the land of a family from the horizon to the foreground, with its things. */
export type DrawFamily = (view: View) => void;

/** Draws a ridge as a smooth layer. Returns the points of its line, to place things on. */
export function hill(
  view: View,
  random: Random,
  options: RidgeOptions,
  colour: Colour,
  mist?: number,
): Point[] {
  const points = ridge(random, { octaves: 2, steps: 14, ...options });
  const top = Math.min(...points.map(([, y]) => y));
  view.canvas.layer(under(curve(points)), colour, {
    top,
    bottom: Math.min(side, top + 110),
    ...(mist === undefined ? {} : { mist }),
  });
  return points;
}

/** Draws a fog bank between layers if the weather is fog. */
export function mistAt(view: View, y: number): void {
  if (view.scene.weather === 'fog') fogBank(view, y, 0.55);
}

/** Horizontal position of a thing by its index; two things are kept apart. */
export function acrossAt(random: Random, index: number): number {
  const sides = random.fork('sides').chance(0.5) ? [0.28, 0.72] : [0.7, 0.3];
  return side * ((sides[index % 2] ?? 0.5) + random.fork(`across ${index}`).range(-0.12, 0.12));
}

/** Draws the things that stand on a layer. */
export function standOn(view: View, points: readonly Point[], size: number, depth: number, sunk = 2): void {
  const random = view.random.fork('standing');
  drawThings(view, 'ground', (index): Place => {
    const x = acrossAt(random, index);
    return {
      x,
      y: heightAt(points, x) + sunk,
      size: size * random.fork(`size ${index}`).range(0.85, 1.2),
      depth,
    };
  });
}

/** Draws the things that float on water between two heights. */
export function floatOn(view: View, top: number, bottom: number, size: number): void {
  const random = view.random.fork('floating');
  drawThings(view, 'water', (index): Place => {
    const t = random.fork(`water ${index}`).range(0.15, 0.75);
    return {
      x: acrossAt(random, index),
      y: top + (bottom - top) * t,
      size: size * (0.65 + 0.7 * t),
      depth: 0.35 * (1 - t),
    };
  });
}

/** Draws a tree with a round crown; bare in winter. */
export function roundTree(view: View, random: Random, x: number, y: number, h: number, depth: number): void {
  const { canvas, light, plants } = view;
  const bark = light.lit({ l: 0.38, a: 0.03, b: 0.035 }, depth);
  canvas.stroke(
    `M${x.toFixed(1)} ${(y + 1).toFixed(1)}V${(y - h * 0.55).toFixed(1)}`,
    bark,
    Math.max(1.4, h * 0.08),
  );
  if (plants.bare) {
    for (const [to, rise] of [
      [-1, 0.4],
      [1, 0.5],
      [-0.6, 0.72],
      [0.7, 0.82],
      [0.05, 1],
    ] as const) {
      canvas.stroke(
        `M${x.toFixed(1)} ${(y - h * 0.36).toFixed(1)}Q${(x + to * h * 0.12).toFixed(1)} ${(y - h * rise * 0.8).toFixed(1)} ${(x + to * h * 0.32).toFixed(1)} ${(y - h * rise).toFixed(1)}`,
        bark,
        Math.max(1, h * 0.035),
      );
    }
    return;
  }
  const leaf = light.lit(random.pick(plants.leaves), depth);
  let crown = circle(x, y - h * 0.68, h * 0.3);
  for (const to of [-1, 1]) {
    crown += circle(
      x + to * h * random.range(0.16, 0.24),
      y - h * random.range(0.5, 0.62),
      h * random.range(0.2, 0.26),
    );
  }
  canvas.cut(crown, leaf);
  canvas.shape(circle(x - h * 0.07, y - h * 0.76, h * 0.17), lighter(leaf, 0.05));
}

/** Draws flowers or stones as dots, larger toward the foreground. */
export function dots(
  view: View,
  random: Random,
  points: readonly Point[],
  count: number,
  colour: Colour,
  size: number,
): void {
  let path = '';
  for (let i = 0; i < count; i++) {
    const x = random.range(0, side);
    const top = heightAt(points, x);
    const t = random.next() ** 0.7;
    path += circle(x, top + 5 + (side - top) * t, size * (0.5 + 0.8 * t));
  }
  view.canvas.shape(path, view.light.lit(colour, 0.05), 0.95);
}

/** Draws blades of grass along the lower edge. */
export function grass(view: View, random: Random, y: number, colour: Colour): void {
  let path = `M-8 ${side + 8}`;
  for (let x = -8; x < side + 8; x += random.range(2.5, 5.5)) {
    const h = random.range(6, 17);
    const lean = random.range(-4, 4);
    path += `L${x.toFixed(1)} ${(y + random.range(0, 4)).toFixed(1)}L${(x + lean).toFixed(1)} ${(y - h).toFixed(1)}L${(x + 2.4).toFixed(1)} ${(y + 2).toFixed(1)}`;
  }
  view.canvas.shape(`${path}L${side + 8} ${side + 8}Z`, colour);
}

/** Colour of a layer at a depth between two ground colours. */
export function between(view: View, near: Colour, far: Colour, depth: number): Colour {
  return view.light.lit(mix(near, far, depth), depth);
}

import { lighter, mix } from '../colour.ts';
import type { Colour } from '../colour.ts';
import type { Random } from '../random.ts';
import { line, polygon, side, under } from '../shapes.ts';
import type { Point } from '../shapes.ts';
import type { View } from '../view.ts';

export interface MassifOptions {
  /** y coordinate of its foot. */
  readonly base: number;
  /** Height of the highest peak above the base. */
  readonly height: number;
  readonly peaks: number;
  readonly rock: Colour;
  readonly depth: number;
  /** Extent of the snow on a peak as a fraction of the slope; 0 for none. */
  readonly snow: number;
}

/**
 * Draws mountains with a lit and a shaded side, separated by a jagged line from each summit, in the style of alpine
 * posters. Returns the points of the skyline.
 */
export function massif(
  view: View,
  random: Random,
  { base, height, peaks, rock, depth, snow }: MassifOptions,
): Point[] {
  const { canvas, light, disc } = view;
  const summits: Point[] = [];
  const highest = random.int(0, peaks - 1);
  for (let i = 0; i < peaks; i++) {
    const x = (side * (i + random.range(0.2, 0.8))) / peaks;
    summits.push([x, base - height * (i === highest ? 1 : random.range(0.5, 0.88))]);
  }
  const skyline: Point[] = [[-20, base - height * random.range(0.2, 0.5)]];
  for (const [i, [x, y]] of summits.entries()) {
    const last = skyline.at(-1) ?? [-20, base];
    shoulder(random, skyline, last, [x, y], height);
    skyline.push([x, y]);
    const next = summits[i + 1] ?? [side + 40, base - height * 0.3];
    const valley: Point = [
      (x + next[0]) / 2 + random.range(-8, 8),
      base - (base - Math.max(y, next[1])) * random.range(0.35, 0.6),
    ];
    shoulder(random, skyline, [x, y], valley, height);
    skyline.push(valley);
  }
  skyline.push([side + 20, base - height * random.range(0.2, 0.45)]);
  const colour = light.lit(rock, depth);
  canvas.layer(under(line(skyline)), colour, { top: base - height, bottom: base + 30, mist: 0.55 });
  const shade = mix(lighter(colour, -0.075), light.colours.stops[0], 0.1);
  for (const summit of summits) {
    // The side away from the light is in shadow.
    const away = disc.x < summit[0] ? 1 : -1;
    shadedSide(view, random, skyline, summit, away, base, shade);
    if (snow > 0) snowCap(view, random, skyline, summit, snow, away, depth);
  }
  return skyline;
}

/** Adds intermediate points of a slope between two points. */
function shoulder(random: Random, into: Point[], from: Point, to: Point, height: number): void {
  const steps = 3;
  for (let i = 1; i < steps; i++) {
    const t = i / steps;
    into.push([
      from[0] + (to[0] - from[0]) * (t + random.range(-0.06, 0.06)),
      from[1] + (to[1] - from[1]) * t + height * random.range(-0.05, 0.05),
    ]);
  }
}

function shadedSide(
  view: View,
  random: Random,
  skyline: readonly Point[],
  summit: Point,
  away: number,
  base: number,
  shade: Colour,
): void {
  const slope = skyline.filter(([x]) => (x - summit[0]) * away > 0);
  const run = (away > 0 ? slope : [...slope].reverse()).slice(0, 3);
  const end = run.at(-1);
  if (!end) return;
  const spine: Point[] = [summit];
  const depthOf = base + 6 - summit[1];
  for (let i = 1; i <= 4; i++) {
    const zig = (i % 2 ? 1 : -1) * depthOf * 0.055;
    spine.push([
      summit[0] + away * (depthOf * 0.05 * i + zig) * random.range(0.7, 1.2),
      summit[1] + (depthOf * i) / 4,
    ]);
  }
  // The foot is hidden by the next mountain.
  const valley: Point = [end[0] + (summit[0] - end[0]) * 0.5, base + 6];
  view.canvas.shape(polygon([...run.reverse(), ...spine, valley]), shade, 0.9);
}

function snowCap(
  view: View,
  random: Random,
  skyline: readonly Point[],
  summit: Point,
  snow: number,
  away: number,
  depth: number,
): void {
  const { canvas, light } = view;
  const white = light.lit({ l: 0.97, a: -0.003, b: -0.006 }, depth * 0.7);
  const reach = (side: number): Point => {
    const slope = skyline.filter(([x]) => (x - summit[0]) * side > 0);
    const next = (side > 0 ? slope[0] : slope.at(-1)) ?? summit;
    const t = Math.min(0.94, snow);
    return [summit[0] + (next[0] - summit[0]) * t, summit[1] + (next[1] - summit[1]) * t];
  };
  const [left, right] = [reach(-1), reach(1)];
  const lower: Point[] = [];
  const teeth = 5;
  for (let i = 1; i < teeth; i++) {
    const t = i / teeth;
    const drop = (i % 2 ? 0.7 : 0.1) * (Math.max(left[1], right[1]) - summit[1]) * random.range(0.6, 1.1);
    lower.push([right[0] + (left[0] - right[0]) * t, right[1] + (left[1] - right[1]) * t + drop]);
  }
  canvas.shape(polygon([summit, right, ...lower, left]), white);
  const half: Point[] = away > 0 ? [summit, right, ...lower.slice(0, 2)] : [summit, ...lower.slice(2), left];
  canvas.shape(polygon(half), mix(white, light.colours.stops[0], 0.22));
}

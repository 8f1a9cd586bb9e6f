import type { Random } from './random.ts';

/** Side of the drawing in user units, independent of its size in pixels. */
export const side = 256;

export type Point = readonly [x: number, y: number];

const n = (value: number) => value.toFixed(1);

/** Path data of a closed polygon. */
export function polygon(points: readonly Point[]): string {
  return `M${points.map(([x, y]) => `${n(x)} ${n(y)}`).join('L')}Z`;
}

/** Path data of a smooth open curve through points (Catmull-Rom as cubic Béziers), starting with `M`. */
export function curve(points: readonly Point[], tension = 1): string {
  const at = (i: number): Point => points[Math.min(points.length - 1, Math.max(0, i))] ?? [0, 0];
  const [x0, y0] = at(0);
  let path = `M${n(x0)} ${n(y0)}`;
  for (let i = 0; i + 1 < points.length; i++) {
    const [a, b, c, d] = [at(i - 1), at(i), at(i + 1), at(i + 2)];
    const k = tension / 6;
    path += `C${n(b[0] + k * (c[0] - a[0]))} ${n(b[1] + k * (c[1] - a[1]))} ${n(c[0] - k * (d[0] - b[0]))} ${n(c[1] - k * (d[1] - b[1]))} ${n(c[0])} ${n(c[1])}`;
  }
  return path;
}

/** Closes an open path along the bottom of the picture. */
export function under(path: string, bottom: number = side + 8): string {
  return `${path}L${side + 16} ${bottom}L-16 ${bottom}Z`;
}

/** Path data of an open polyline. */
export function line(points: readonly Point[]): string {
  return `M${points.map(([x, y]) => `${n(x)} ${n(y)}`).join('L')}`;
}

export function circle(x: number, y: number, r: number): string {
  return `M${n(x - r)} ${n(y)}a${n(r)} ${n(r)} 0 1 0 ${n(2 * r)} 0a${n(r)} ${n(r)} 0 1 0 ${n(-2 * r)} 0Z`;
}

export function ellipse(x: number, y: number, rx: number, ry: number): string {
  return `M${n(x - rx)} ${n(y)}a${n(rx)} ${n(ry)} 0 1 0 ${n(2 * rx)} 0a${n(rx)} ${n(ry)} 0 1 0 ${n(-2 * rx)} 0Z`;
}

export function rectangle(x: number, y: number, width: number, height: number): string {
  return `M${n(x)} ${n(y)}h${n(width)}v${n(height)}h${n(-width)}Z`;
}

/** Path data of a horizontal bar with round ends. */
export function capsule(x: number, y: number, width: number, height: number): string {
  const r = height / 2;
  const inner = Math.max(0, width - height);
  return `M${n(x - inner / 2)} ${n(y - r)}h${n(inner)}a${n(r)} ${n(r)} 0 0 1 0 ${n(height)}h${n(-inner)}a${n(r)} ${n(r)} 0 0 1 0 ${n(-height)}Z`;
}

/** Parameters of a ridge line. */
export interface RidgeOptions {
  /** Mean y coordinate. */
  readonly y: number;
  /** Maximum deviation from the mean. */
  readonly height: number;
  /** Number of bumps across the picture in the coarsest octave. */
  readonly bumps: number;
  /** Amplitude ratio of successive octaves: 0 is smooth, 0.6 is rugged. */
  readonly rough: number;
  readonly octaves?: number;
  /** Number of segments across the picture. */
  readonly steps?: number;
}

/** Points of a ridge line that extends beyond both edges: a sum of octaves of value noise. */
export function ridge(
  random: Random,
  { y, height, bumps, rough, octaves = 4, steps = 40 }: RidgeOptions,
): Point[] {
  const waves = Array.from({ length: octaves }, (_, octave) => valueNoise(random.fork(`octave ${octave}`)));
  const points: Point[] = [];
  for (let i = 0; i <= steps; i++) {
    const x = -16 + ((side + 32) * i) / steps;
    let sum = 0;
    let weight = 1;
    let total = 0;
    for (const [octave, wave] of waves.entries()) {
      sum += weight * wave((x / side) * bumps * 2 ** octave);
      total += weight;
      weight *= rough;
    }
    points.push([x, y - (height * sum) / total]);
  }
  return points;
}

/** One-dimensional smooth value noise in -1…1. */
export function valueNoise(random: Random): (x: number) => number {
  const values = Array.from({ length: 64 }, () => random.range(-1, 1));
  const at = (i: number) => values[((i % 64) + 64) % 64] ?? 0;
  return (x) => {
    const i = Math.floor(x);
    const t = x - i;
    const s = t * t * (3 - 2 * t);
    return at(i + 17) * (1 - s) + at(i + 18) * s;
  };
}

/** Interpolated y of a polyline at `x`. */
export function heightAt(points: readonly Point[], x: number): number {
  for (let i = 0; i + 1 < points.length; i++) {
    const [a, b] = [points[i], points[i + 1]];
    if (a && b && a[0] <= x && x <= b[0]) return a[1] + ((b[1] - a[1]) * (x - a[0])) / (b[0] - a[0] || 1);
  }
  return points[0]?.[1] ?? 0;
}

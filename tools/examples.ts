/**
 * Draws the example pictures of the first visit, `public/examples/*.webp`: all are computed, so that they belong
 * to nobody. `node tools/run.mjs tools/examples.ts`, with Chromium's path in CHROMIUM where it is elsewhere.
 */
import { writeFile } from 'node:fs/promises';
import { chromium } from '@playwright/test';

const side = 512;

type Vector = readonly [number, number, number];
/** A picture as a function of the place: x and y from 0 to 1, answer in 0…1, not yet gamma-corrected. */
type Painter = (x: number, y: number) => Vector;

const add = (a: Vector, b: Vector): Vector => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
const scale = (a: Vector, by: number): Vector => [a[0] * by, a[1] * by, a[2] * by];
const dot = (a: Vector, b: Vector) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const unit = (a: Vector): Vector => scale(a, 1 / Math.hypot(...a));
const clamp = (value: number) => Math.min(1, Math.max(0, value));
const smooth = (from: number, to: number, value: number) => {
  const t = clamp((value - from) / (to - from));
  return t * t * (3 - 2 * t);
};
const mix = (a: Vector, b: Vector, t: number): Vector => add(scale(a, 1 - t), scale(b, t));

/** An sRGB colour such as `ff8800` in linear light. */
function colour(hex: string): Vector {
  const part = (at: number) => (Number.parseInt(hex.slice(at, at + 2), 16) / 255) ** 2.2;
  return [part(0), part(2), part(4)];
}

/** A fixed number from 0 to 1 for every point of the grid. */
function hash(x: number, y: number): number {
  let h = Math.imul(x, 374_761_393) + Math.imul(y, 668_265_263);
  h = Math.imul(h ^ (h >>> 13), 1_274_126_177);
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
}

/** Value noise in 0…1. */
function noise(x: number, y: number): number {
  const [column, row] = [Math.floor(x), Math.floor(y)];
  const [u, v] = [smooth(0, 1, x - column), smooth(0, 1, y - row)];
  const top = hash(column, row) * (1 - u) + hash(column + 1, row) * u;
  const bottom = hash(column, row + 1) * (1 - u) + hash(column + 1, row + 1) * u;
  return top * (1 - v) + bottom * v;
}

/** Noise in ever finer layers, in 0…1. */
function clouds(x: number, y: number, layers: number): number {
  let sum = 0;
  let weight = 0.5;
  for (let layer = 0; layer < layers; layer++) {
    sum += weight * noise(x * 2 ** layer + 17 * layer, y * 2 ** layer - 31 * layer);
    weight /= 2;
  }
  return sum / (1 - 2 ** -layers);
}

/** Ridges under a low sun, paler the farther away they are. */
function dusk(): Painter {
  const [zenith, horizon, glow] = [colour('2d3a6b'), colour('f6a15a'), colour('ffdf9a')];
  const [far, near] = [colour('c9785e'), colour('1c1430')];
  const ridges = 6;
  return (x, y) => {
    for (let ridge = ridges - 1; ridge >= 0; ridge--) {
      const depth = ridge / (ridges - 1);
      const height = 0.09 + 0.14 * depth;
      const crest =
        0.5 + 0.42 * depth ** 1.3 - height * clouds(x * (2 + 2.4 * depth) + 9.3 * ridge, ridge, 6);
      if (y < crest) continue;
      const haze = clamp((y - crest) * 5);
      return mix(mix(far, near, depth ** 0.7), colour('e08d5c'), 0.35 * (1 - depth) * haze);
    }
    const sky = mix(zenith, horizon, smooth(0, 0.55, y + 0.05 * clouds(3 * x, 12 * y, 4)));
    const distance = Math.hypot(x - 0.66, y - 0.33);
    const halo = mix(sky, glow, 0.75 * Math.exp(-9 * distance));
    return mix(colour('fff3d0'), halo, smooth(0.058, 0.063, distance));
  };
}

/** Ink in water: noise that is moved about by noise. */
function ink(): Painter {
  const stops = ['0d1b3d', '1f4e8c', '8fb3c9', 'f2e6d2', 'd98a4e', '8c2f1b'].map(colour);
  return (x, y) => {
    const [u, v] = [1.9 * x + 3, 1.9 * y + 1];
    const [a, b] = [clouds(u, v, 4), clouds(u + 5.2, v + 1.3, 4)];
    const [c, d] = [clouds(u + 4 * a + 1.7, v + 4 * b + 9.2, 4), clouds(u + 4 * a + 8.3, v + 4 * b + 2.8, 4)];
    const value = smooth(0.22, 0.78, clouds(u + 4.5 * c, v + 4.5 * d, 5));
    const place = value * (stops.length - 1);
    const [lower, upper] = [stops[Math.floor(place)], stops[Math.ceil(place)]];
    if (!lower || !upper) throw new RangeError(`No colour at ${place}.`);
    return scale(mix(lower, upper, place % 1), 0.72 + 0.5 * d);
  };
}

interface Ball {
  readonly centre: Vector;
  readonly radius: number;
  readonly colour: Vector;
}

/** Glossy balls on a table, by following rays. */
function marbles(): Painter {
  const balls: readonly Ball[] = [
    { centre: [-0.95, 0.7, 4.6], radius: 0.7, colour: colour('d8412f') },
    { centre: [0.62, 0.95, 5.4], radius: 0.95, colour: colour('1f6f8b') },
    { centre: [0.1, 0.42, 3.5], radius: 0.42, colour: colour('f2b134') },
    { centre: [1.35, 0.36, 3.7], radius: 0.36, colour: colour('7a9e3b') },
    { centre: [-1.5, 0.3, 3.4], radius: 0.3, colour: colour('e7dcc8') },
    { centre: [-0.55, 0.26, 2.9], radius: 0.26, colour: colour('6b4a8c') },
  ];
  const light = unit([-0.55, 0.9, -0.5]);
  const hit = (from: Vector, along: Vector) => {
    let best: { distance: number; ball: Ball | null } | null = null;
    for (const ball of balls) {
      const offset = add(from, scale(ball.centre, -1));
      const half = dot(offset, along);
      const rest = half * half - dot(offset, offset) + ball.radius ** 2;
      const distance = -half - Math.sqrt(Math.max(0, rest));
      if (rest > 0 && distance > 1e-3 && (!best || distance < best.distance)) best = { distance, ball };
    }
    const table = -from[1] / along[1];
    if (table > 1e-3 && (!best || table < best.distance)) best = { distance: table, ball: null };
    return best;
  };
  const surroundings = (along: Vector): Vector => {
    const sky = mix(colour('3d3b40'), colour('d9d2c8'), smooth(-0.1, 0.9, along[1]));
    const window = smooth(0.9, 0.93, dot(along, unit([-0.6, 0.75, -0.35])));
    return mix(sky, [3, 2.9, 2.7], window);
  };
  /** How much of the light arrives: a soft shadow from many rays toward a broad lamp. */
  const lit = (point: Vector, seed: number) => {
    const rays = 24;
    let free = 0;
    for (let ray = 0; ray < rays; ray++) {
      const jitter = (salt: number) => hash(seed + ray * 131, salt) - 0.5;
      const along = unit(add(light, scale([jitter(1), jitter(2), jitter(3)], 0.42)));
      if (!hit(point, along)?.ball) free++;
    }
    return free / rays;
  };
  const shade = (from: Vector, along: Vector, depth: number, seed: number): Vector => {
    const found = hit(from, along);
    if (!found || found.distance > 40) return surroundings(along);
    const point = add(from, scale(along, found.distance));
    const normal = found.ball ? unit(add(point, scale(found.ball.centre, -1))) : ([0, 1, 0] as const);
    const fade = smooth(4, 14, found.distance);
    const grain = found.ball ? 1 : 0.94 + 0.12 * clouds(point[0] * 3, point[2] * 30, 4);
    const base = found.ball?.colour ?? scale(mix(colour('b9a48c'), colour('5b5048'), fade), grain);
    const above = add(point, scale(normal, 1e-3));
    const direct = 0.85 * Math.max(0, dot(normal, light)) * lit(above, seed);
    const ambient = 0.22 + 0.14 * normal[1];
    const own = scale(base, direct + ambient);
    if (depth === 0) return own;
    const facing = -dot(normal, along);
    const mirrored = add(along, scale(normal, 2 * facing));
    const shine = (found.ball ? 0.06 : 0.02) + (found.ball ? 0.94 : 0.3) * (1 - clamp(facing)) ** 5;
    return mix(own, shade(above, mirrored, depth - 1, seed + 7), shine);
  };
  return (x, y) => {
    const along = unit([(x - 0.5) * 0.78, (0.5 - y) * 0.78 - 0.27, 1]);
    return shade([0, 2.05, -1.2], along, 2, Math.floor(x * 4096) * 4099 + Math.floor(y * 4096));
  };
}

/** Reaction and diffusion (Gray–Scott, J. E. Pearson, Science 261, 1993), lit from the side. */
function coral(): Painter {
  const size = 256;
  const at = (x: number, y: number) => ((y + size) % size) * size + ((x + size) % size);
  let a = new Float32Array(size * size).fill(1);
  let b = new Float32Array(size * size);
  for (let index = 0; index < b.length; index++) {
    const [x, y] = [index % size, Math.floor(index / size)];
    if (clouds(x / 22, y / 22, 2) > 0.64) b[index] = 0.6;
  }
  const read = (field: Float32Array, x: number, y: number) => field[at(x, y)] ?? 0;
  const laplace = (field: Float32Array, x: number, y: number) =>
    0.2 * (read(field, x - 1, y) + read(field, x + 1, y) + read(field, x, y - 1) + read(field, x, y + 1)) +
    0.05 *
      (read(field, x - 1, y - 1) +
        read(field, x + 1, y - 1) +
        read(field, x - 1, y + 1) +
        read(field, x + 1, y + 1)) -
    read(field, x, y);
  const [feed, kill] = [0.0545, 0.062];
  for (let step = 0; step < 3000; step++) {
    const [nextA, nextB] = [new Float32Array(a.length), new Float32Array(b.length)];
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        const [here, there] = [read(a, x, y), read(b, x, y)];
        const reaction = here * there * there;
        nextA[at(x, y)] = here + laplace(a, x, y) - reaction + feed * (1 - here);
        nextB[at(x, y)] = there + 0.5 * laplace(b, x, y) + reaction - (kill + feed) * there;
      }
    }
    [a, b] = [nextA, nextB];
  }
  const height = (x: number, y: number) => {
    const [u, v] = [x * 200 + 28, y * 200 + 28];
    const [column, row] = [Math.floor(u), Math.floor(v)];
    const [s, t] = [u - column, v - row];
    const top = read(b, column, row) * (1 - s) + read(b, column + 1, row) * s;
    const bottom = read(b, column, row + 1) * (1 - s) + read(b, column + 1, row + 1) * s;
    return smooth(0.08, 0.34, top * (1 - t) + bottom * t);
  };
  const light = unit([-0.6, -0.7, 0.75]);
  return (x, y) => {
    const reach = 1 / 256;
    const slope = (dx: number, dy: number) => height(x + dx, y + dy) - height(x - dx, y - dy);
    const normal = unit([-0.9 * slope(reach, 0), -0.9 * slope(0, reach), 1]);
    const up = height(x, y);
    const tint = mix(colour('f3b9a0'), colour('ffe9d6'), clouds(5 * x, 5 * y, 4));
    const ground = mix(colour('083b45'), colour('0f6670'), clouds(4 * x + 7, 4 * y, 3));
    const body = mix(ground, tint, smooth(0.25, 0.7, up));
    const sparkle = Math.max(0, dot(normal, unit(add(light, [0, 0, 1])))) ** 40;
    return add(
      scale(body, 0.25 + 0.85 * Math.max(0, dot(normal, light))),
      scale([1, 1, 1], 0.16 * up * sparkle),
    );
  };
}

/** Evaluates a painter at 3 × 3 places for each pixel: sRGB, RGBA. */
function render(painter: Painter): Uint8ClampedArray<ArrayBuffer> {
  const data = new Uint8ClampedArray(4 * side * side).fill(255);
  const samples = 3;
  for (let index = 0; index < side * side; index++) {
    const [column, row] = [index % side, Math.floor(index / side)];
    let sum: Vector = [0, 0, 0];
    for (let sample = 0; sample < samples ** 2; sample++) {
      const x = (column + ((sample % samples) + 0.5) / samples) / side;
      const y = (row + (Math.floor(sample / samples) + 0.5) / samples) / side;
      const value = painter(x, y);
      // Clamped before the mean, or a lamp's reflection would have jagged edges.
      sum = add(sum, [clamp(value[0]), clamp(value[1]), clamp(value[2])]);
    }
    for (const channel of [0, 1, 2] as const) {
      data[4 * index + channel] = 255 * (sum[channel] / samples ** 2) ** (1 / 2.2);
    }
  }
  return data;
}

/** Draws and writes all of them. */
export async function main(): Promise<number> {
  const browser = await chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox'],
  });
  const page = await browser.newPage();
  for (const [name, paint] of Object.entries({ dusk, marbles, ink, coral })) {
    const pixels = Buffer.from(render(paint())).toString('base64');
    const webp = await page.evaluate(
      async ({ pixels, side }) => {
        const bytes = Uint8ClampedArray.from(atob(pixels), (character) => character.charCodeAt(0));
        const canvas = new OffscreenCanvas(side, side);
        canvas.getContext('2d')?.putImageData(new ImageData(bytes, side, side), 0, 0);
        const blob = await canvas.convertToBlob({ type: 'image/webp', quality: 0.86 });
        const encoded = new Uint8Array(await blob.arrayBuffer());
        return btoa(Array.from(encoded, (byte) => String.fromCharCode(byte)).join(''));
      },
      { pixels, side },
    );
    const bytes = Buffer.from(webp, 'base64');
    await writeFile(new URL(`../public/examples/${name}.webp`, import.meta.url), bytes);
    console.log(`${name}.webp  ${(bytes.length / 1000).toFixed(1)} kB`);
  }
  await browser.close();
  return 0;
}

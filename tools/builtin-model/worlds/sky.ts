import type { Weather } from './attributes.ts';
import { hex, lighter, mix } from './colour.ts';
import type { Colour } from './colour.ts';
import type { Random } from './random.ts';
import { capsule, circle, curve, polygon, rectangle, side, under } from './shapes.ts';
import type { Point } from './shapes.ts';
import type { View } from './view.ts';

/** Draws everything behind the land: the sky, its objects, and clouds. */
export function drawSky(view: View): void {
  background(view);
  const { scene, random } = view;
  const starry =
    scene.time === 'night' ||
    (scene.time === 'dusk' && scene.weather === 'clear') ||
    scene.family === 'planet';
  const covered = scene.weather === 'rain' || scene.weather === 'fog';
  if (scene.sky === 'stars') stars(view, random.fork('stars'), 70, 1.25);
  else if (starry && !covered) stars(view, random.fork('stars'), scene.time === 'night' ? 34 : 16, 1);
  if (scene.sky === 'aurora') aurora(view, random.fork('aurora'));
  disc(view);
  clouds(view, random.fork('clouds'));
}

function background({ canvas, light, scene, horizon, disc: { x, y, r }, random }: View): void {
  const [zenith, middle, low] = light.colours.stops;
  const whole = rectangle(-8, -8, side + 16, side + 16);
  const bottom = horizon + 14;
  if (scene.style === 'paper') {
    // Concentric paper sheets with round holes around the light.
    const rings = 5;
    canvas.shape(whole, zenith);
    const step = random.range(26, 38);
    for (let i = rings; i >= 1; i--) {
      const t = 1 - i / (rings + 1);
      const colour = t < 0.5 ? mix(zenith, middle, t * 2) : mix(middle, low, t * 2 - 1);
      canvas.cut(circle(x, Math.max(y, horizon * 0.45), r + step * i * (1 + 0.08 * i)), colour);
    }
    return;
  }
  if (scene.style === 'print') {
    // Flat bands, like separate printing plates.
    const bands = random.int(5, 8);
    const wave = random.fork('bands');
    canvas.shape(whole, zenith);
    for (let i = 1; i < bands; i++) {
      const t = i / (bands - 1);
      const colour = t < 0.5 ? mix(zenith, middle, t * 2) : mix(middle, low, t * 2 - 1);
      const top = (bottom * i) / bands;
      const points: Point[] = Array.from({ length: 6 }, (_, j) => [-16 + j * 58, top + wave.range(-5, 5)]);
      canvas.shape(under(curve(points)), colour);
    }
    return;
  }
  canvas.graded(whole, 0, bottom, [
    [0, zenith],
    [0.55, middle],
    [1, low],
  ]);
}

function disc(view: View): void {
  const { scene, canvas, light, disc: at } = view;
  const { x, y, r } = at;
  const colour = light.glowing(light.colours.disc);
  const moon = scene.time === 'night' || (scene.time === 'dusk' && scene.sky !== 'sun');
  switch (scene.sky) {
    case 'plain':
    case 'stars':
    case 'aurora':
      return;
    case 'sun':
    case 'full moon':
      halo(view, colour);
      canvas.cut(circle(x, y, r), colour);
      if (moon && scene.sky === 'full moon') {
        const spot = mix(colour, light.colours.stops[1], 0.22);
        for (const [dx, dy, size] of [
          [-0.3, -0.25, 0.24],
          [0.32, 0.1, 0.18],
          [-0.1, 0.42, 0.14],
          [0.2, -0.5, 0.1],
        ] as const) {
          canvas.shape(circle(x + dx * r, y + dy * r, size * r), spot);
        }
      }
      return;
    case 'half moon':
      halo(view, colour);
      canvas.cut(moonPhase(x, y, r, 0), colour);
      return;
    case 'crescent moon':
      halo(view, colour);
      canvas.cut(moonPhase(x, y, r, 0.62), colour);
      return;
    case 'ringed planet': {
      const body = mix(light.colours.disc, light.colours.stops[2], 0.35);
      const R = r * 1.35;
      halo(view, body);
      const ring = lighter(mix(body, light.colours.disc, 0.6), 0.04);
      const back = `M${x - R * 1.9} ${y + R * 0.35}A${R * 1.95} ${R * 0.5} -12 0 1 ${x + R * 1.9} ${y - R * 0.35}`;
      const front = `M${x - R * 1.9} ${y + R * 0.35}A${R * 1.95} ${R * 0.5} -12 0 0 ${x + R * 1.9} ${y - R * 0.35}`;
      canvas.stroke(back, ring, R * 0.17);
      canvas.cut(circle(x, y, R), body);
      canvas.shape(moonPhase(x, y, R, 0.25, true), lighter(body, -0.1), 0.7);
      canvas.stroke(front, ring, R * 0.17);
      return;
    }
  }
}

/** Halo of the sun or the moon in each style. */
function halo({ canvas, disc: { x, y, r }, light, scene }: View, colour: Colour): void {
  const strength = light.dark ? 0.5 : 0.65;
  if (scene.style === 'gradient') {
    canvas.glow(x, y, r * 4.2, colour, strength);
  } else if (scene.style === 'flat') {
    canvas.shape(circle(x, y, r * 2.3), colour, 0.13);
    canvas.shape(circle(x, y, r * 1.6), colour, 0.2);
  } else if (scene.style === 'print') {
    canvas.shape(circle(x, y, r * 1.5), colour, 0.28);
  }
}

/**
 * Path of the lit part of a moon. `cut` is how far the terminator extends beyond the centre, as a fraction of the
 * radius.
 */
function moonPhase(x: number, y: number, r: number, cut: number, mirrored = false): string {
  const sweep = mirrored ? [0, 1] : [1, 0];
  const tilt = 0.35;
  const [dx, dy] = [Math.sin(tilt) * r, Math.cos(tilt) * r];
  // Radius of an arc through both tips with a sagitta of `cut` · r.
  const inner = cut > 0 ? (r * (1 + cut * cut)) / (2 * cut) : r * 40;
  return `M${x + dx} ${y - dy}A${r} ${r} 0 0 ${sweep[0] ?? 0} ${x - dx} ${y + dy}A${inner} ${inner} 0 0 ${sweep[1] ?? 0} ${x + dx} ${y - dy}Z`;
}

function stars({ canvas, light, horizon }: View, random: Random, count: number, size: number): void {
  const colour = light.glowing(hex('#fdf6e3'));
  let path = '';
  for (let i = 0; i < count; i++) {
    path += circle(random.range(2, side - 2), horizon * random.next() ** 1.2, random.range(0.5, 1.15) * size);
  }
  canvas.shape(path, colour, 0.9);
  let large = '';
  for (let i = 0; i < count / 12; i++) {
    const [x, y, r] = [
      random.range(8, side - 8),
      random.range(6, horizon * 0.75),
      random.range(2.2, 3.8) * size,
    ];
    const t = r * 0.2;
    large += polygon([
      [x, y - r],
      [x + t, y - t],
      [x + r, y],
      [x + t, y + t],
      [x, y + r],
      [x - t, y + t],
      [x - r, y],
      [x - t, y - t],
    ]);
  }
  canvas.shape(large, colour);
}

function aurora({ canvas, light, horizon }: View, random: Random): void {
  const first = random.pick([hex('#5ff2b0'), hex('#66e6d8'), hex('#8df08a')]);
  const second = random.pick([hex('#8a6bf0'), hex('#d46be0'), hex('#4aa8f0')]);
  for (let i = 0; i < 3; i++) {
    const base = horizon * random.range(0.42, 0.85);
    const height = horizon * random.range(0.4, 0.62);
    const bottom: Point[] = [];
    const top: Point[] = [];
    const phase = random.range(0, 6.3);
    for (let j = 0; j <= 8; j++) {
      const x = -16 + j * 36;
      const y = base + 16 * Math.sin(phase + j * 0.8) + random.range(-5, 5);
      bottom.push([x, y]);
      top.push([x + 10, y - height * random.range(0.75, 1.1)]);
    }
    const path = `${curve(bottom)}L${curve(top.reverse()).slice(1)}Z`;
    canvas.graded(path, base - height, base + 12, [
      [0, light.glowing(second), 0],
      [0.5, light.glowing(second), 0.28],
      [0.9, light.glowing(first), 0.62],
      [1, light.glowing(first), 0],
    ]);
  }
}

/** Size of the clouds by weather, relative to those of fine weather. */
const overcastSize: Readonly<Record<Weather, number>> = {
  clear: 0.8,
  cloudy: 1.25,
  fog: 1,
  rain: 1.3,
  snow: 1,
};

function clouds(view: View, random: Random): void {
  const { scene, horizon } = view;
  if (scene.family === 'underwater') return;
  const count = {
    clear: scene.family === 'planet' ? 0 : random.int(0, 1),
    cloudy: random.int(5, 7),
    fog: random.int(0, 2),
    rain: random.int(4, 6),
    snow: random.int(2, 4),
  }[scene.weather];
  const kind = random.pick(['heaped', 'heaped', 'long'] as const);
  for (let i = 0; i < count; i++) {
    const t = (i + random.range(0.1, 0.9)) / count;
    const y = horizon * (0.1 + 0.62 * t);
    const size = (0.65 + 0.75 * (1 - t)) * random.range(0.8, 1.25) * overcastSize[scene.weather];
    cloud(view, random, random.range(-10, side + 10), y, size, kind);
  }
}

/** Draws a cloud, about 60 units wide at size 1. */
export function cloud(
  view: View,
  random: Random,
  x: number,
  y: number,
  size: number,
  kind: 'heaped' | 'long',
): void {
  const { canvas, light, scene } = view;
  const [, middle, low] = light.colours.stops;
  const white = scene.weather === 'rain' ? hex('#8f99a8') : hex('#ffffff');
  const lit = mix(mix(light.lit(white, 0.25), low, 0.35), middle, light.dark ? 0.4 : 0.05);
  const shade = mix(lit, middle, 0.4);
  if (kind === 'long') {
    let path = '';
    for (let i = 0; i < 3; i++) {
      path += capsule(
        x + random.range(-16, 16) * size,
        y + (i - 1) * 5.4 * size,
        random.range(34, 74) * size,
        6.4 * size,
      );
    }
    canvas.cut(path, lit);
    return;
  }
  const lumps = random.int(3, 5);
  const width = 54 * size;
  // Lumps on a flat base; nothing extends below the base.
  const base = y + 9 * size;
  let body = capsule(x, base - 5 * size, width * 1.2, 10 * size);
  let foot = capsule(x + 3 * size, base - 2.6 * size, width * 1.02, 5.2 * size);
  for (let i = 0; i < lumps; i++) {
    const t = (i + 0.5) / lumps;
    const r = (7 + 10 * Math.sin(Math.PI * t) * random.range(0.75, 1.15)) * size;
    const at = x + (t - 0.5) * width * 0.92;
    body += dome(at, base, r, r * 1.55);
    foot += dome(at + 2 * size, base, r * 0.72, r * 0.62);
  }
  canvas.cut(body, lit);
  canvas.shape(foot, shade, 0.6);
}

/** Path of the upper part of an ellipse on a baseline. */
function dome(x: number, base: number, r: number, height: number): string {
  return `M${(x - r).toFixed(1)} ${base.toFixed(1)}C${(x - r * 1.1).toFixed(1)} ${(base - height * 1.33).toFixed(1)} ${(x + r * 1.1).toFixed(1)} ${(base - height * 1.33).toFixed(1)} ${(x + r).toFixed(1)} ${base.toFixed(1)}Z`;
}

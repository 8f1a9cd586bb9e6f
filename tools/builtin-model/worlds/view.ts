import type { Scene } from './attributes.ts';
import type { Canvas } from './canvas.ts';
import type { Light } from './light.ts';
import { plants } from './palettes.ts';
import type { Plants } from './palettes.ts';
import { Random } from './random.ts';
import { side } from './shapes.ts';

/** Drawing context of families, things and the sky: the scene, its composition, and the canvas. */
export interface View {
  readonly scene: Scene;
  readonly random: Random;
  readonly canvas: Canvas;
  readonly light: Light;
  readonly plants: Plants;
  /** y coordinate of the horizon. */
  readonly horizon: number;
  /** Centre and radius of the sun or the moon; if there is none, of the light source. */
  readonly disc: { readonly x: number; readonly y: number; readonly r: number };
}

/** Composition of a scene, determined by its layout seed before anything is drawn. */
export function compose(scene: Scene, canvas: Canvas, light: Light): View {
  const random = new Random(`${scene.layout}/composition`);
  const horizon =
    side *
    { low: random.range(0.68, 0.76), middle: random.range(0.55, 0.63), high: random.range(0.42, 0.5) }[
      scene.horizon
    ];
  const x =
    side *
    { left: random.range(0.16, 0.34), centre: random.range(0.42, 0.58), right: random.range(0.66, 0.84) }[
      scene.side
    ];
  const low =
    scene.time === 'dawn' || scene.time === 'sunset' || (scene.time === 'dusk' && scene.sky === 'sun');
  const r = low ? random.range(17, 40) : scene.time === 'day' ? random.range(11, 24) : random.range(13, 30);
  const y = low
    ? horizon - random.range(-0.2, 1.1) * r
    : random.range(Math.min(30, 0.2 * horizon) + r * 0.6, Math.max(40, horizon * 0.58));
  return {
    scene,
    random: new Random(`${scene.layout}/drawing`),
    canvas,
    light,
    plants: plants(scene.season),
    horizon,
    disc: { x, y, r },
  };
}

import { Resvg } from '@resvg/resvg-js';
import type { Scene } from './attributes.ts';
import { Random } from './random.ts';
import { drawScene } from './scene.ts';

/** Rasterises a scene to RGBA, row by row. */
export function rasterise(scene: Scene, pixels: number): Uint8Array {
  const svg = drawScene(scene, pixels);
  const image = new Resvg(svg, { font: { loadSystemFonts: false } }).render();
  const rgba = Uint8Array.from(image.pixels);
  if (scene.style === 'print') grain(rgba, pixels, new Random(`${scene.layout}/grain`));
  return rgba;
}

/** Adds print grain: small brightness noise in specks of one to two pixels. */
function grain(rgba: Uint8Array, pixels: number, random: Random): void {
  const amplitude = 8;
  let left = 0;
  for (let i = 0; i < pixels * pixels; i++) {
    const speck = random.next() + random.next() - 1;
    const value = Math.round(amplitude * (0.6 * speck + 0.4 * left));
    left = speck;
    for (let c = 0; c < 3; c++) rgba[4 * i + c] = Math.min(255, Math.max(0, (rgba[4 * i + c] ?? 0) + value));
  }
}

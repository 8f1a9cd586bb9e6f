import type { Scene } from './attributes.ts';
import { Canvas } from './canvas.ts';
import { drawFamily } from './families/index.ts';
import { Light } from './light.ts';
import { Random } from './random.ts';
import { side } from './shapes.ts';
import { drawSky } from './sky.ts';
import { drawThings } from './things/index.ts';
import { compose } from './view.ts';
import { drawWeather } from './weather.ts';

/** Draws a scene as a square SVG of `pixels` pixels. Deterministic. */
export function drawScene(scene: Scene, pixels: number): string {
  const light = new Light(scene, new Random(`${scene.layout}/light`));
  const canvas = new Canvas(scene.style, light);
  const view = compose(scene, canvas, light);
  drawSky(view);
  drawFamily[scene.family](view);
  const air = view.random.fork('air');
  drawThings(view, 'air', (index) => {
    const local = air.fork(`${index}`);
    const right = view.disc.x < side / 2 === (index === 0);
    return {
      x: side * (right ? local.range(0.58, 0.84) : local.range(0.16, 0.42)),
      y: Math.max(34, view.horizon * local.range(0.28, 0.6)),
      size: local.range(40, 68),
      depth: local.range(0, 0.25),
    };
  });
  drawWeather(view);
  return canvas.svg(pixels);
}

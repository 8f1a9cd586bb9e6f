import { lighter, mix } from '../colour.ts';
import { ground } from '../palettes.ts';
import { capsule, heightAt, line, ridge, side, under } from '../shapes.ts';
import type { Point } from '../shapes.ts';
import { drawThings } from '../things/index.ts';
import { drawWater } from '../water.ts';
import { floatOn, hill, mistAt } from './common.ts';
import type { DrawFamily } from './common.ts';

/** Open sea to the horizon, with islets or a headland. */
export const sea: DrawFamily = (view) => {
  const { random, light, canvas, horizon, scene } = view;
  if (random.chance(0.6)) {
    hill(
      view,
      random.fork('coast'),
      { y: horizon + 3, height: random.range(6, 20), bumps: 1.6, rough: 0.5 },
      light.lit(ground.rock, 0.85),
    );
  }
  drawWater(view, horizon, { calm: scene.weather === 'rain' ? 0 : 0.6 });
  mistAt(view, horizon + 6);
  floatOn(view, horizon + 6, side - 14, 46);
  const wantsGround = scene.things.includes('lighthouse');
  if (wantsGround || random.chance(0.4)) {
    const local = random.fork('cliff');
    const left = local.chance(0.5);
    const rock = light.lit(mix(ground.rockWarm, ground.basalt, local.range(0.2, 0.8)), 0.12);
    const depth = side - horizon;
    const reach = side * local.range(0.42, 0.6);
    const top = horizon + depth * local.range(0.08, 0.34);
    const points: Point[] = ridge(local, { y: 0, height: 5, bumps: 7, rough: 0.6, steps: 24 }).map(
      ([x, y]) => {
        const u = left ? x : side - x;
        const slope = Math.max(0, (u - reach * 0.55) / (reach * 0.45));
        return [x, top + y + (side - top) * slope ** 1.7 * 1.05];
      },
    );
    canvas.layer(under(line(points)), rock, { top, foot: lighter(rock, -0.08) });
    let foam = '';
    for (let i = 0; i < 6; i++) {
      foam += capsule(
        (left ? reach : side - reach) + local.range(-26, 18),
        side - local.range(4, depth * 0.3),
        local.range(12, 30),
        2.6,
      );
    }
    canvas.shape(foam, light.lit(ground.white, 0.2), 0.7);
    // Things stand on the flat part of the headland.
    drawThings(view, 'ground', (index) => {
      const x = reach * (index === 0 ? 0.32 : 0.12);
      const at = left ? x : side - x;
      return { x: at, y: heightAt(points, at) + 3, size: 54 * local.range(0.9, 1.15), depth: 0.1 };
    });
  }
};

import { lighter, mix } from '../colour.ts';
import type { Colour } from '../colour.ts';
import { ground } from '../palettes.ts';
import { heightAt, polygon, side } from '../shapes.ts';
import type { Point } from '../shapes.ts';
import type { View } from '../view.ts';
import { hill, mistAt, roundTree, standOn } from './common.ts';
import type { DrawFamily } from './common.ts';

/** Farmland: rows of lavender, wheat or crops that converge on the horizon. */
export const fields: DrawFamily = (view) => {
  const { random, light, horizon, plants } = view;
  const rest = side - horizon;
  hill(
    view,
    random.fork('far'),
    { y: horizon - 2, height: 16, bumps: 1.5, rough: 0.4 },
    light.lit(mix(ground.rock, plants.grass, 0.4), 0.85),
  );
  mistAt(view, horizon);
  const second = hill(
    view,
    random.fork('second'),
    { y: horizon + rest * 0.08, height: 8, bumps: 1.7, rough: 0.35 },
    light.lit(plants.field, 0.55),
  );
  const trees = random.fork('trees');
  for (let i = trees.int(3, 8); i > 0; i--) {
    const x = trees.range(0, side);
    roundTree(view, trees, x, heightAt(second, x) + 1, trees.range(10, 17), 0.5);
  }
  standOn(view, second, 42, 0.4, 5);
  const top = horizon + rest * 0.2;
  const crop = random.fork('crop');
  const colour = crop.pick(cropsOf(view));
  furrows(
    view,
    top,
    light.lit(colour, 0.12),
    light.lit(plants.snow ? mix(ground.snow, ground.rock, 0.25) : mix(ground.bark, plants.grass, 0.55), 0.12),
  );
  mistAt(view, top);
};

/** Possible crop colours by season. */
function cropsOf({ scene, plants }: View): [Colour, ...Colour[]] {
  switch (scene.season) {
    case 'spring':
      return [plants.blossom[0], plants.field, plants.blossom[1]];
    case 'autumn':
      return [plants.field, plants.leaves[1], plants.leaves[0]];
    case 'winter':
      return [ground.snow];
    case 'summer':
    case 'none':
      return [ground.lavender, ground.wheat];
  }
}

/** Draws strips in perspective, slightly curved. */
function furrows({ canvas, random }: View, top: number, crop: Colour, soil: Colour): void {
  const local = random.fork('furrows');
  const vanishing = side * local.range(0.25, 0.75);
  canvas.layer(
    polygon([
      [-10, top],
      [side + 10, top - 1],
      [side + 10, side + 8],
      [-10, side + 8],
    ]),
    soil,
    { top, foot: lighter(soil, -0.03) },
  );
  const pitch = local.range(34, 46);
  const begin = -side * 3 + local.range(0, pitch);
  for (let x = begin; x < side * 4; x += pitch) {
    const edge = (at: number, bend: number): Point[] =>
      [0, 0.35, 1].map((t): Point => [
        vanishing + (at - vanishing) * (0.06 + 0.94 * t ** 1.15) + bend * Math.sin(t * 3),
        top + (side + 10 - top) * t,
      ]);
    const left = edge(x, 4);
    const right = edge(x + pitch * 0.62, 4);
    canvas.shape(polygon([...left, ...[...right].reverse()]), crop);
    canvas.shape(
      polygon([...edge(x + pitch * 0.06, 4), ...[...edge(x + pitch * 0.24, 4)].reverse()]),
      lighter(crop, 0.055),
      0.9,
    );
  }
}

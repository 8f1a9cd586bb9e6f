import { mix } from '../colour.ts';
import { ground } from '../palettes.ts';
import { heightAt, side } from '../shapes.ts';
import { dots, grass, hill, mistAt, roundTree, standOn } from './common.ts';
import type { DrawFamily } from './common.ts';

/** Rolling hills with single trees, a path and flowers. */
export const meadow: DrawFamily = (view) => {
  const { random, light, canvas, horizon, plants } = view;
  const rest = side - horizon;
  hill(
    view,
    random.fork('far'),
    { y: horizon - 6, height: 16, bumps: 1.4, rough: 0.35 },
    light.lit(mix(ground.rock, plants.grass, 0.5), 0.85),
  );
  mistAt(view, horizon);
  const second = hill(
    view,
    random.fork('second'),
    { y: horizon + rest * 0.12, height: 14, bumps: 1.8, rough: 0.35 },
    light.lit(plants.field, 0.6),
  );
  const trees = random.fork('trees');
  for (let i = trees.int(3, 7); i > 0; i--) {
    const x = trees.range(0, side);
    roundTree(view, trees, x, heightAt(second, x) + 1, trees.range(12, 20), 0.55);
  }
  const third = hill(
    view,
    random.fork('third'),
    { y: horizon + rest * 0.3, height: 17, bumps: 1.4, rough: 0.35 },
    light.lit(plants.grass, 0.34),
  );
  standOn(view, third, 44, 0.25, 4);
  const near = random.fork('near trees');
  for (let i = near.int(1, 3); i > 0; i--) {
    const x = near.range(0, side);
    roundTree(view, near, x, heightAt(third, x) + 2, near.range(26, 38), 0.28);
  }
  mistAt(view, horizon + rest * 0.4);
  const fore = hill(
    view,
    random.fork('fore'),
    { y: horizon + rest * 0.56, height: 18, bumps: 1.2, rough: 0.3 },
    light.lit(mix(plants.grass, plants.field, 0.35), 0.08),
  );
  if (random.chance(0.5)) {
    const path = random.fork('path');
    const x = side * path.range(0.3, 0.7);
    const top = heightAt(fore, x);
    const [sway, foot] = [path.range(-36, 36), side * path.range(0.25, 0.75)];
    canvas.shape(
      `M${x - 2} ${top}C${x + sway} ${top + 30} ${foot - sway - 14} ${side - 34} ${foot - 20} ${side + 6}L${foot + 20} ${side + 6}C${foot - sway + 14} ${side - 34} ${x + sway + 12} ${top + 30} ${x + 2} ${top}Z`,
      light.lit(plants.snow ? mix(ground.snow, ground.rock, 0.15) : ground.sandPale, 0.15),
    );
  }
  if (!plants.snow) {
    dots(view, random.fork('flowers'), fore, 60, plants.blossom[0], 1.7);
    dots(
      view,
      random.fork('more flowers'),
      fore,
      34,
      random.pick([plants.blossom[1], plants.blossom[2]]),
      1.5,
    );
  }
  if (random.chance(0.5)) {
    grass(
      view,
      random.fork('grass'),
      side - 4,
      light.lit(mix(plants.grass, plants.needles, plants.snow ? 0.1 : 0.45), 0),
    );
  }
};

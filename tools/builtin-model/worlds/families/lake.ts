import { mix } from '../colour.ts';
import { ground } from '../palettes.ts';
import { heightAt, side } from '../shapes.ts';
import { drawThings } from '../things/index.ts';
import { pineColour, pineRow } from '../things/pines.ts';
import { drawWater } from '../water.ts';
import { floatOn, grass, hill, mistAt, roundTree, standOn } from './common.ts';
import type { DrawFamily } from './common.ts';
import { massif } from './massif.ts';

/** Still lake that reflects mountains and trees. */
export const lake: DrawFamily = (view) => {
  const { random, light, canvas, horizon, plants, scene } = view;
  const shore = Math.min(side - 50, horizon + random.range(2, 14));
  const since = canvas.position();
  const rock = mix(ground.rock, ground.rockWarm, random.fork('rock').next());
  const height = Math.min(horizon * 0.6, random.range(48, 84));
  massif(view, random.fork('far'), {
    base: shore - 6,
    height,
    peaks: random.int(2, 4),
    rock,
    depth: 0.66,
    snow: plants.snow || scene.weather === 'snow' ? 0.94 : 0.5,
  });
  mistAt(view, shore - 14);
  const bank = hill(
    view,
    random.fork('bank'),
    { y: shore - 9, height: 8, bumps: 2, rough: 0.4 },
    light.lit(plants.grass, 0.4),
  );
  const trees = random.fork('trees');
  canvas.cut(
    pineRow(trees, (x) => heightAt(bank, x), -8, side + 8, 17),
    pineColour(view, 0.38),
  );
  if (!plants.bare) {
    for (let i = trees.int(4, 8); i > 0; i--) {
      roundTree(view, trees, trees.range(0, side), shore - trees.range(0, 4), trees.range(17, 27), 0.3);
    }
  }
  standOn(
    view,
    [
      [-20, shore - 3],
      [side + 20, shore - 3],
    ],
    40,
    0.3,
    1,
  );
  drawThings(view, 'span', () => ({ x: side / 2, y: shore + 4, size: 40, depth: 0.25 }));
  const until = canvas.position();
  const mirrored = canvas.between(since, until);
  drawWater(view, shore, { calm: 1 });
  canvas.reflect(mirrored, shore, 0.42);
  floatOn(view, shore + 10, side - 20, 46);
  mistAt(view, shore + 8);
  if (random.chance(0.6)) {
    hill(
      view,
      random.fork('near'),
      { y: side - random.range(8, 26), height: 9, bumps: 1.3, rough: 0.4 },
      light.lit(plants.grass, 0.03),
    );
    grass(
      view,
      random.fork('grass'),
      side - 12,
      light.lit(mix(plants.grass, plants.needles, plants.snow ? 0.15 : 0.5), 0),
    );
  }
};

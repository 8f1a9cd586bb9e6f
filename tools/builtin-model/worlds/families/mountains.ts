import { mix } from '../colour.ts';
import { ground } from '../palettes.ts';
import { heightAt, side } from '../shapes.ts';
import { drawThings } from '../things/index.ts';
import { pine, pineColour, pineRow } from '../things/pines.ts';
import { dots, hill, mistAt, roundTree, standOn } from './common.ts';
import type { DrawFamily } from './common.ts';
import { massif } from './massif.ts';

/** Mountain ranges behind each other, with wooded hills in front. */
export const mountains: DrawFamily = (view) => {
  const { random, light, horizon, scene, plants, canvas } = view;
  const snowy = plants.snow || scene.weather === 'snow';
  const rock = mix(ground.rock, ground.rockWarm, random.fork('rock').next());
  const height = random.range(62, 96) * (scene.horizon === 'low' ? 1.15 : 1);
  massif(view, random.fork('far'), {
    base: horizon + 6,
    height: height * 0.7,
    peaks: random.int(3, 4),
    rock,
    depth: 0.8,
    snow: snowy ? 0.9 : 0.45,
  });
  mistAt(view, horizon - 4);
  massif(view, random.fork('near'), {
    base: horizon + 30,
    height,
    peaks: random.int(2, 3),
    rock,
    depth: 0.48,
    snow: snowy ? 0.94 : random.chance(0.75) ? 0.55 : 0,
  });
  drawThings(view, 'span', () => ({ x: side / 2, y: horizon + 34, size: 42, depth: 0.3 }));
  mistAt(view, horizon + 24);
  const rest = side - horizon;
  const mid = hill(
    view,
    random.fork('mid'),
    { y: horizon + rest * 0.36, height: 13, bumps: 2, rough: 0.4 },
    light.lit(plants.grass, 0.3),
  );
  canvas.shape(
    pineRow(random.fork('row'), (x) => heightAt(mid, x), -8, side + 8, 13),
    pineColour(view, 0.3),
  );
  if (!plants.bare) {
    const trees = random.fork('trees');
    for (let i = trees.int(3, 6); i > 0; i--) {
      const x = trees.range(0, side);
      roundTree(view, trees, x, heightAt(mid, x) + 2, trees.range(16, 26), 0.26);
    }
  }
  mistAt(view, horizon + rest * 0.5);
  const near = hill(
    view,
    random.fork('ground'),
    { y: horizon + rest * 0.62, height: 15, bumps: 1.6, rough: 0.4 },
    light.lit(plants.grass, 0.08),
  );
  const detail = random.fork('detail');
  if (detail.chance(0.5) && !plants.snow) {
    dots(view, detail, near, 40, plants.blossom[detail.int(0, 2)] ?? plants.blossom[0], 1.6);
  } else if (detail.chance(0.6)) {
    canvas.shape(
      pineRow(
        detail,
        (x) => heightAt(near, x) + 1,
        side * detail.range(-0.1, 0.5),
        side * detail.range(0.6, 1.1),
        24,
      ),
      pineColour(view, 0.1),
    );
  }
  standOn(view, near, 44, 0.05, 6);
  if (random.chance(0.55)) {
    const edge = random.fork('frame');
    const left = edge.chance(0.5);
    for (let i = 0; i < 3; i++) {
      const x = left ? edge.range(-6, 44) : edge.range(side - 44, side + 6);
      pine(view, edge, x, side + edge.range(2, 14), edge.range(58, 100), 0);
    }
  }
};

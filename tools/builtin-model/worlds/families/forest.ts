import { lighter, mix } from '../colour.ts';
import { ground } from '../palettes.ts';
import { heightAt, ridge, side } from '../shapes.ts';
import { pine, pineColour, pineRow } from '../things/pines.ts';
import { dots, hill, mistAt, roundTree, standOn } from './common.ts';
import type { DrawFamily } from './common.ts';

/** Rows of trees that fade into the distance, with a clearing in front. */
export const forest: DrawFamily = (view) => {
  const { random, light, canvas, horizon, plants } = view;
  const pinesOnly = random.fork('kind').chance(plants.bare ? 0.75 : 0.5);
  const rest = side - horizon;
  hill(
    view,
    random.fork('hills'),
    { y: horizon - 4, height: 14, bumps: 1.5, rough: 0.4 },
    light.lit(mix(ground.rock, plants.needles, 0.4), 0.88),
  );
  const rows = 4;
  for (let i = 0; i < rows; i++) {
    const t = i / (rows - 1);
    const depth = 0.72 * (1 - t) + 0.1;
    const local = random.fork(`row ${i}`);
    const y = horizon + rest * (0.06 + 0.42 * t);
    const line = ridge(local, { y, height: 6 + 5 * t, bumps: 2, rough: 0.4, octaves: 2, steps: 14 });
    const floor = light.lit(plants.snow ? ground.snow : mix(plants.grass, plants.needles, 0.5), depth);
    if (pinesOnly || i < 2) {
      const colour =
        pinesOnly || plants.bare
          ? pineColour(view, depth)
          : light.lit(mix(plants.leaves[i % 3] ?? plants.needles, plants.needles, 0.25), depth);
      canvas.cut(
        pineRow(local, (x) => heightAt(line, x), -10, side + 10, 20 + 20 * t),
        colour,
      );
      if (i >= 2 && !plants.bare) {
        for (let j = local.int(2, 4); j > 0; j--) {
          const x = local.range(0, side);
          roundTree(view, local, x, heightAt(line, x) + 2, local.range(24, 34) * (0.7 + 0.5 * t), depth);
        }
      }
    } else {
      for (let x = -6; x < side + 10; x += local.range(12, 22) * (0.7 + 0.5 * t)) {
        roundTree(view, local, x, heightAt(line, x) + 2, local.range(24, 36) * (0.7 + 0.5 * t), depth);
      }
    }
    hill(view, local, { y: y + 2, height: 6 + 5 * t, bumps: 2, rough: 0.4 }, lighter(floor, -0.02));
    mistAt(view, y + 4);
  }
  const clearing = hill(
    view,
    random.fork('clearing'),
    { y: horizon + rest * 0.66, height: 8, bumps: 1.4, rough: 0.3 },
    light.lit(plants.grass, 0.12),
  );
  if (!plants.bare) dots(view, random.fork('flowers'), clearing, 40, random.pick(plants.blossom), 1.7);
  standOn(view, clearing, 50, 0.08, 6);
  const frame = random.fork('frame');
  for (const left of frame.shuffled([true, false]).slice(0, frame.int(1, 2))) {
    for (let i = 0; i < 2; i++) {
      const x = left ? frame.range(-12, 26) : frame.range(side - 26, side + 12);
      if (pinesOnly || frame.chance(0.4)) {
        pine(view, frame, x, side + frame.range(0, 10), frame.range(88, 140), 0);
      } else {
        roundTree(view, frame, x, side + frame.range(0, 8), frame.range(80, 112), 0);
      }
    }
  }
};

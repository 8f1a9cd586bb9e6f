import { hex, lighter, mix } from '../colour.ts';
import type { Colour } from '../colour.ts';
import { ground } from '../palettes.ts';
import type { Random } from '../random.ts';
import { polygon, rectangle, side } from '../shapes.ts';
import { drawThings } from '../things/index.ts';
import type { View } from '../view.ts';
import { drawWater } from '../water.ts';
import { floatOn, hill, mistAt, roundTree } from './common.ts';
import type { DrawFamily } from './common.ts';

/** Skyline in three rows, above water or a park. */
export const city: DrawFamily = (view) => {
  const { random, light, horizon, plants } = view;
  const shore = Math.min(side - 40, horizon + (side - horizon) * random.range(0.3, 0.5));
  for (const [row, depth] of [0.78, 0.5, 0.2].entries()) {
    skyline(view, row, depth, shore);
    mistAt(view, shore - 20);
  }
  const overWater = random.fork('front').chance(0.6) || view.scene.things.includes('sailboat');
  if (overWater) {
    // Trees along the quay tell the season.
    const quay = random.fork('quay');
    for (let x = quay.range(-6, 10); x < side + 8; x += quay.range(13, 30)) {
      roundTree(view, quay, x, shore + 1, quay.range(15, 24), 0.16);
    }
    hill(
      view,
      quay,
      { y: shore - 3, height: 2, bumps: 2, rough: 0.2 },
      light.lit(plants.snow ? ground.snow : mix(ground.stone, plants.grass, 0.6), 0.16),
    );
    drawWater(view, shore, {});
    drawThings(view, 'span', () => ({ x: side / 2, y: shore + (side - shore) * 0.34, size: 56, depth: 0.1 }));
    floatOn(view, shore + 8, side - 10, 40);
    return;
  }
  hill(
    view,
    random.fork('park'),
    { y: shore + 4, height: 4, bumps: 2, rough: 0.3 },
    light.lit(plants.grass, 0.12),
  );
  const trees = random.fork('trees');
  for (let x = -4; x < side + 8; x += trees.range(15, 34)) {
    roundTree(view, trees, x, shore + trees.range(6, 16), trees.range(18, 30), 0.1);
  }
  drawThings(view, 'span', () => ({ x: side / 2, y: shore + 30, size: 40, depth: 0.1 }));
  hill(
    view,
    random.fork('lawn'),
    { y: shore + (side - shore) * 0.5, height: 6, bumps: 1.4, rough: 0.3 },
    light.lit(plants.field, 0.04),
  );
  for (let i = trees.int(1, 3); i > 0; i--) {
    roundTree(view, trees, trees.range(0, side), side + 2, trees.range(46, 70), 0);
  }
};

/** One row of buildings: low in the distance, tall towers in the middle, houses in front. */
function skyline(view: View, row: number, depth: number, shore: number): void {
  const { canvas, light, horizon, scene, plants } = view;
  const random = view.random.fork(`row ${row}`);
  const walls = [hex('#8b93a8'), hex('#7d86a0'), hex('#b08d7e'), hex('#6f7f92'), hex('#a99fb0')] as const;
  const tone = random.pick(walls);
  let x = -random.range(0, 14);
  while (x < side) {
    const width = random.range(16, 30) * (0.9 + 0.25 * row);
    const centre = 1 - Math.abs((x + width / 2) / side - 0.5) * 1.1;
    const height =
      (shore - horizon + 24) * 0.55 + random.range(0.25, 1) * (row === 2 ? 52 : 78 + 10 * row) * centre;
    const top = shore - height;
    const wall = light.lit(mix(tone, random.pick(walls), 0.35), depth);
    const kind = random.weighted([
      ['flat', 5],
      ['step', 3],
      ['spire', 2],
      ['slant', 2],
    ] as const);
    if (kind === 'spire') {
      canvas.cut(
        polygon([
          [x + width * 0.46, top],
          [x + width / 2, top - 26],
          [x + width * 0.54, top],
        ]),
        wall,
      );
    }
    if (kind === 'step') canvas.cut(rectangle(x + width * 0.2, top - 10, width * 0.6, 14), wall);
    if (kind === 'slant') {
      canvas.cut(
        polygon([
          [x, top + 1],
          [x + width, top - width * 0.5],
          [x + width, top + 1],
        ]),
        wall,
      );
    }
    canvas.cut(rectangle(x, top, width, height + 6), wall);
    canvas.shape(rectangle(x + width * 0.72, top, width * 0.28, height + 6), lighter(wall, -0.045), 0.8);
    if (plants.snow && kind !== 'slant') {
      canvas.shape(rectangle(x, top - 1.5, width, 3.5), light.lit(ground.snow, depth * 0.8));
    }
    windows(view, random, x, top, width, height, depth, wall);
    x += width + random.range(-3, 4);
  }
  if (scene.style === 'gradient') {
    canvas.graded(rectangle(-8, shore - 50, side + 16, 58), shore - 50, shore + 8, [
      [0, light.colours.haze, 0],
      [1, light.colours.haze, 0.35 * (0.4 + depth)],
    ]);
  }
}

/** Grid of windows of one building; after sunset and in rain some are lit. */
function windows(
  view: View,
  random: Random,
  x: number,
  top: number,
  width: number,
  height: number,
  depth: number,
  wall: Colour,
): void {
  const { canvas, light, scene } = view;
  const lit = light.dark || scene.time === 'sunset' || scene.weather === 'rain';
  const share = light.dark ? 0.5 : lit ? 0.3 : 0.75;
  const columns = Math.max(2, Math.floor(width / 7));
  const [dx, dy] = [width / (columns + 0.35), 9];
  let path = '';
  const rows = Math.floor((height - 8) / dy);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      if (random.chance(share)) {
        path += rectangle(x + dx * (column + 0.42), top + 6 + row * dy, dx * 0.5, 4.4);
      }
    }
  }
  if (path.length > 0) {
    canvas.shape(
      path,
      lit ? light.glowing(ground.window, depth) : lighter(wall, 0.12),
      lit ? 0.92 - 0.35 * depth : 0.7,
    );
  }
}

import { lighter, mix } from '../colour.ts';
import { ground } from '../palettes.ts';
import type { Random } from '../random.ts';
import { ellipse, heightAt, side } from '../shapes.ts';
import type { View } from '../view.ts';
import { grass, hill, mistAt, standOn } from './common.ts';
import type { DrawFamily } from './common.ts';

/** A plain of dry grass with acacias. */
export const savanna: DrawFamily = (view) => {
  const { random, light, horizon } = view;
  const rest = side - horizon;
  hill(
    view,
    random.fork('far'),
    { y: horizon + 2, height: random.range(8, 26), bumps: 1.3, rough: 0.45 },
    light.lit(mix(ground.rock, ground.savanna, 0.35), 0.85),
  );
  mistAt(view, horizon);
  const plain = hill(
    view,
    random.fork('plain'),
    { y: horizon + rest * 0.1, height: 4, bumps: 2, rough: 0.3 },
    light.lit(ground.savanna, 0.5),
  );
  const far = random.fork('far trees');
  for (let i = far.int(2, 5); i > 0; i--) {
    const x = far.range(0, side);
    acacia(view, far, x, heightAt(plain, x) + 2, far.range(14, 24), 0.5);
  }
  const mid = hill(
    view,
    random.fork('mid'),
    { y: horizon + rest * 0.34, height: 7, bumps: 1.6, rough: 0.3 },
    light.lit(lighter(ground.savanna, -0.03), 0.25),
  );
  standOn(view, mid, 46, 0.2, 4);
  const near = random.fork('near trees');
  for (let i = near.int(1, 2); i > 0; i--) {
    const x = side * near.range(0.1, 0.9);
    acacia(view, near, x, heightAt(mid, x) + 8, near.range(54, 86), 0.12);
  }
  mistAt(view, horizon + rest * 0.4);
  hill(
    view,
    random.fork('near'),
    { y: side - rest * 0.3, height: 9, bumps: 1.4, rough: 0.3 },
    light.lit(lighter(ground.savanna, -0.07), 0.05),
  );
  grass(
    view,
    random.fork('grass'),
    side - 6,
    light.lit(lighter(mix(ground.savanna, ground.bark, 0.35), -0.05), 0),
  );
};

/** An acacia: a forked trunk under flat crowns. */
function acacia(
  { canvas, light }: View,
  random: Random,
  x: number,
  y: number,
  h: number,
  depth: number,
): void {
  const bark = light.lit(ground.bark, depth);
  const leaf = light.lit(mix({ l: 0.48, a: -0.05, b: 0.08 }, ground.savanna, random.range(0, 0.35)), depth);
  const width = Math.max(1.3, h * 0.06);
  const flip = random.sign();
  canvas.stroke(
    `M${x} ${y}Q${x + flip * h * 0.05} ${y - h * 0.4} ${x - flip * h * 0.02} ${y - h * 0.55}Q${x - flip * h * 0.18} ${y - h * 0.7} ${x - flip * h * 0.3} ${y - h * 0.84}`,
    bark,
    width,
  );
  canvas.stroke(
    `M${x} ${y - h * 0.5}Q${x + flip * h * 0.14} ${y - h * 0.7} ${x + flip * h * 0.3} ${y - h * 0.8}`,
    bark,
    width * 0.8,
  );
  canvas.cut(
    ellipse(x - flip * h * 0.22, y - h * 0.88, h * 0.5, h * 0.1) +
      ellipse(x + flip * h * 0.32, y - h * 0.82, h * 0.36, h * 0.085),
    leaf,
  );
  canvas.shape(ellipse(x - flip * h * 0.2, y - h * 0.94, h * 0.34, h * 0.055), lighter(leaf, 0.05));
}

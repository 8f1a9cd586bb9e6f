import { hex, lighter } from '../colour.ts';
import { ground } from '../palettes.ts';
import { capsule, circle, curve } from '../shapes.ts';
import type { DrawThing } from './place.ts';

/** Whale: back and tail above water, or the whole animal under water. */
export const whale: DrawThing = ({ canvas, light, scene }, { x, y, size, depth }, random) => {
  const skin = light.lit(hex('#4c6a8c'), depth * 0.6);
  const belly = light.lit(hex('#c9d9e6'), depth * 0.6);
  const flip = random.sign();
  const s = size;
  const X = (v: number) => (x + flip * v * s).toFixed(1);
  const Y = (v: number) => (y + v * s).toFixed(1);
  if (scene.family === 'underwater') {
    canvas.cut(
      `M${X(1.1)} ${Y(-0.02)}C${X(1.05)} ${Y(-0.42)} ${X(0.3)} ${Y(-0.5)} ${X(-0.3)} ${Y(-0.22)}C${X(-0.6)} ${Y(-0.08)} ${X(-0.8)} ${Y(-0.08)} ${X(-0.95)} ${Y(-0.12)}L${X(-1.3)} ${Y(-0.36)}L${X(-1.18)} ${Y(-0.04)}L${X(-1.34)} ${Y(0.22)}L${X(-0.95)} ${Y(0.04)}C${X(-0.5)} ${Y(0.3)} ${X(0.9)} ${Y(0.46)} ${X(1.1)} ${Y(-0.02)}Z`,
      skin,
    );
    canvas.shape(
      `M${X(1.08)} ${Y(0.04)}C${X(0.7)} ${Y(0.1)} ${X(0.2)} ${Y(0.16)} ${X(-0.3)} ${Y(0.14)}C${X(0.1)} ${Y(0.38)} ${X(0.95)} ${Y(0.4)} ${X(1.08)} ${Y(0.04)}Z`,
      belly,
    );
    canvas.shape(`M${X(0.45)} ${Y(0.14)}L${X(0.1)} ${Y(0.52)}L${X(0.2)} ${Y(0.1)}Z`, lighter(skin, -0.06));
    canvas.shape(circle(x + flip * 0.82 * s, y - 0.03 * s, s * 0.035), ground.ink);
    return;
  }
  const spray = lighter(light.colours.haze, 0.08);
  canvas.cut(
    `M${X(-0.55)} ${Y(0.03)}C${X(-0.35)} ${Y(-0.42)} ${X(0.45)} ${Y(-0.5)} ${X(0.72)} ${Y(0.03)}Z`,
    skin,
  );
  canvas.cut(
    `M${X(-0.82)} ${Y(0.03)}C${X(-0.86)} ${Y(-0.2)} ${X(-0.92)} ${Y(-0.3)} ${X(-1.2)} ${Y(-0.46)}C${X(-1)} ${Y(-0.52)} ${X(-0.88)} ${Y(-0.46)} ${X(-0.83)} ${Y(-0.36)}C${X(-0.76)} ${Y(-0.48)} ${X(-0.62)} ${Y(-0.54)} ${X(-0.46)} ${Y(-0.5)}C${X(-0.66)} ${Y(-0.34)} ${X(-0.7)} ${Y(-0.2)} ${X(-0.66)} ${Y(0.03)}Z`,
    skin,
  );
  canvas.stroke(
    curve([
      [x + flip * 0.34 * s, y - 0.4 * s],
      [x + flip * 0.36 * s, y - 0.7 * s],
      [x + flip * 0.18 * s, y - 0.82 * s],
    ]),
    spray,
    s * 0.06,
    0.9,
  );
  canvas.stroke(
    curve([
      [x + flip * 0.34 * s, y - 0.4 * s],
      [x + flip * 0.36 * s, y - 0.7 * s],
      [x + flip * 0.55 * s, y - 0.8 * s],
    ]),
    spray,
    s * 0.06,
    0.9,
  );
  canvas.shape(capsule(x + flip * 0.05 * s, y + 0.03 * s, s * 2.3, s * 0.07), spray, 0.8);
};

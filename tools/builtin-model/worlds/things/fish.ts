import { lighter } from '../colour.ts';
import { accents, ground } from '../palettes.ts';
import { circle } from '../shapes.ts';
import type { DrawThing } from './place.ts';

/** Shoal of fish of one kind, swimming in the same direction. */
export const fish: DrawThing = ({ canvas, light }, { x, y, size, depth }, random) => {
  const colour = light.lit(random.pick([accents[0], ...accents.slice(1)]), depth * 0.5);
  const stripe = random.chance(0.5);
  const flip = random.sign();
  const count = random.int(4, 7);
  for (let i = 0; i < count; i++) {
    const s = size * random.range(0.26, 0.42);
    const fx = x + random.range(-1.1, 1.1) * size * 0.95;
    const fy = y + random.range(-0.8, 0.8) * size * 0.75;
    const X = (v: number) => (fx + flip * v * s).toFixed(1);
    const Y = (v: number) => (fy + v * s).toFixed(1);
    canvas.cut(
      `M${X(0.75)} ${Y(0)}C${X(0.4)} ${Y(-0.5)} ${X(-0.2)} ${Y(-0.42)} ${X(-0.5)} ${Y(-0.06)}L${X(-0.95)} ${Y(-0.36)}L${X(-0.82)} ${Y(0)}L${X(-0.95)} ${Y(0.36)}L${X(-0.5)} ${Y(0.06)}C${X(-0.2)} ${Y(0.42)} ${X(0.4)} ${Y(0.5)} ${X(0.75)} ${Y(0)}Z`,
      colour,
    );
    if (stripe) {
      canvas.shape(
        `M${X(0.12)} ${Y(-0.38)}Q${X(0.28)} ${Y(0)} ${X(0.12)} ${Y(0.38)}L${X(-0.08)} ${Y(0.36)}Q${X(0.06)} ${Y(0)} ${X(-0.08)} ${Y(-0.36)}Z`,
        lighter(colour, 0.2),
      );
    }
    canvas.shape(circle(fx + flip * 0.46 * s, fy - 0.08 * s, s * 0.07), ground.ink);
  }
};

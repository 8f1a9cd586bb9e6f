import { hex, lighter } from '../colour.ts';
import { ground } from '../palettes.ts';
import { rectangle, side } from '../shapes.ts';
import type { DrawThing } from './place.ts';

/**
 * Bridge across the whole picture: a suspension bridge with two towers, or stone arches. `y` is the height of its feet.
 */
export const bridge: DrawThing = ({ canvas, light }, { x, y, size, depth }, random) => {
  const h = size;
  if (random.chance(0.5)) {
    const steel = light.lit(random.pick([hex('#c4482f'), hex('#5f6f86'), hex('#d9d4c8')]), depth);
    const deck = y - h * 0.3;
    const span = side * random.range(0.42, 0.52);
    const [left, right] = [x - span / 2, x + span / 2];
    const top = y - h;
    let cables = `M${left - span * 0.8} ${deck}Q${left - span * 0.2} ${deck - h * 0.05} ${left} ${top}`;
    cables += `Q${x} ${deck + h * 0.5} ${right} ${top}Q${right + span * 0.2} ${deck - h * 0.05} ${right + span * 0.8} ${deck}`;
    canvas.stroke(cables, steel, Math.max(1.2, h * 0.035));
    for (let i = 1; i < 12; i++) {
      const t = i / 12;
      // Height of the cable, from the Bézier curve above.
      const cable = (1 - t) ** 2 * top + 2 * t * (1 - t) * (deck + h * 0.5) + t ** 2 * top;
      canvas.shape(rectangle(left + span * t - 0.4, cable, 0.8, Math.max(0, deck - cable)), steel, 0.8);
    }
    for (const tower of [left, right]) {
      canvas.cut(rectangle(tower - h * 0.05, top - h * 0.06, h * 0.1, h * 1.1), steel);
    }
    canvas.cut(rectangle(-8, deck, side + 16, h * 0.085), lighter(steel, -0.05));
    return;
  }
  const stone = light.lit(random.pick([ground.stone, hex('#c9a98a'), ground.rockWarm]), depth);
  const arches = random.int(4, 6);
  const pitch = (side + 24) / arches;
  const deck = y - h * 0.62;
  const foot = y + 3;
  let path = `M-12 ${deck}H${side + 12}V${foot}`;
  for (let i = arches - 1; i >= 0; i--) {
    const [from, to] = [-12 + pitch * (i + 0.86), -12 + pitch * (i + 0.14)];
    path += `H${from}V${deck + h * 0.4}A${(from - to) / 2} ${h * 0.28} 0 0 0 ${to} ${deck + h * 0.4}V${foot}`;
  }
  canvas.cut(`${path}H-12Z`, stone);
  canvas.shape(rectangle(-12, deck - h * 0.05, side + 24, h * 0.09), lighter(stone, 0.06));
};

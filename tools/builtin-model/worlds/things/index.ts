/** Things that stand, float or fly in scenes, one module each. */
import type { Thing } from '../attributes.ts';
import type { View } from '../view.ts';
import { balloon } from './balloon.ts';
import { birds } from './birds.ts';
import { bridge } from './bridge.ts';
import { cacti } from './cacti.ts';
import { castle } from './castle.ts';
import { fish } from './fish.ts';
import { house } from './house.ts';
import { jellyfish } from './jellyfish.ts';
import { lighthouse } from './lighthouse.ts';
import { palms } from './palms.ts';
import { pines } from './pines.ts';
import type { DrawThing, Place } from './place.ts';
import { rocket } from './rocket.ts';
import { sailboat } from './sailboat.ts';
import { tent } from './tent.ts';
import { whale } from './whale.ts';
import { windmill } from './windmill.ts';

/** Kind of place for a thing; families decide where it is in their landscape. */
export type Slot = 'air' | 'water' | 'ground' | 'span' | 'deep';

const all: Readonly<Record<Thing, { readonly slot: Slot; readonly draw: DrawThing }>> = {
  balloon: { slot: 'air', draw: balloon },
  birds: { slot: 'air', draw: birds },
  sailboat: { slot: 'water', draw: sailboat },
  whale: { slot: 'water', draw: whale },
  lighthouse: { slot: 'ground', draw: lighthouse },
  house: { slot: 'ground', draw: house },
  windmill: { slot: 'ground', draw: windmill },
  castle: { slot: 'ground', draw: castle },
  bridge: { slot: 'span', draw: bridge },
  tent: { slot: 'ground', draw: tent },
  pines: { slot: 'ground', draw: pines },
  palms: { slot: 'ground', draw: palms },
  cacti: { slot: 'ground', draw: cacti },
  rocket: { slot: 'ground', draw: rocket },
  fish: { slot: 'deep', draw: fish },
  jellyfish: { slot: 'deep', draw: jellyfish },
};

/** Size of each thing relative to the size that a family sets for its ground or water. */
const scale: Readonly<Record<Thing, number>> = {
  balloon: 1,
  birds: 1,
  sailboat: 1,
  whale: 0.5,
  lighthouse: 1.35,
  house: 0.62,
  windmill: 1.25,
  castle: 1.15,
  bridge: 1,
  tent: 0.5,
  pines: 1.2,
  palms: 1.1,
  cacti: 0.85,
  rocket: 1,
  fish: 1,
  jellyfish: 1,
};

/**
 * Draws the scene's things of one slot. `where` returns the place of each by its index, with the size before scaling.
 */
export function drawThings(view: View, slot: Slot, where: (index: number) => Place): void {
  const inDeep = view.scene.family === 'underwater';
  const chosen = view.scene.things.filter((thing) => all[thing].slot === slot || (inDeep && slot === 'deep'));
  for (const [index, thing] of chosen.entries()) {
    const place = where(index);
    all[thing].draw(view, { ...place, size: place.size * scale[thing] }, view.random.fork(`thing ${thing}`));
  }
}

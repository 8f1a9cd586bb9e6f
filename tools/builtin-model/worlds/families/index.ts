/** Landscape families: one module per family, which draws the land from the horizon to the foreground. */
import type { Family } from '../attributes.ts';
import { arctic } from './arctic.ts';
import { canyon } from './canyon.ts';
import { city } from './city.ts';
import type { DrawFamily } from './common.ts';
import { dunes } from './dunes.ts';
import { fields } from './fields.ts';
import { forest } from './forest.ts';
import { island } from './island.ts';
import { lake } from './lake.ts';
import { meadow } from './meadow.ts';
import { mountains } from './mountains.ts';
import { planet } from './planet.ts';
import { savanna } from './savanna.ts';
import { sea } from './sea.ts';
import { underwater } from './underwater.ts';
import { volcano } from './volcano.ts';

export const drawFamily: Readonly<Record<Family, DrawFamily>> = {
  mountains,
  dunes,
  sea,
  forest,
  meadow,
  canyon,
  city,
  arctic,
  volcano,
  planet,
  underwater,
  lake,
  island,
  savanna,
  fields,
};

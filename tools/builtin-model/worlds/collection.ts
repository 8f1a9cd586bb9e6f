import { randomAttributes } from './attributes.ts';
import type { Scene } from './attributes.ts';
import { Random } from './random.ts';

/**
 * The picture with a number in a collection: `layouts` pictures of one scene follow each other, then those of the next.
 * Collections with other seeds have nothing in common.
 */
export function sceneAt(seed: string, index: number, layouts: number): Scene {
  const scene = Math.floor(index / layouts);
  return {
    ...randomAttributes(new Random(`${seed}/scene ${scene}`)),
    layout: `${seed}/${scene}/${index % layouts}`,
  };
}

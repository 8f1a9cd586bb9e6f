import { randomAttributes } from './attributes.ts';
import type { Scene } from './attributes.ts';
import { Random } from './random.ts';

/**
 * Scene of the picture with this index: a collection has `layouts` consecutive pictures per scene. Collections with
 * different seeds are independent.
 */
export function sceneAt(seed: string, index: number, layouts: number): Scene {
  const scene = Math.floor(index / layouts);
  return {
    ...randomAttributes(new Random(`${seed}/scene ${scene}`)),
    layout: `${seed}/${scene}/${index % layouts}`,
  };
}

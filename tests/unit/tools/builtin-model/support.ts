import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SceneLabels } from '../../../../tools/builtin-model/measure/collection.ts';
import {
  families,
  seasons,
  skies,
  times,
  weathers,
} from '../../../../tools/builtin-model/worlds/attributes.ts';

/** Labels of a scene, different for each number. */
export function sceneLabels(number: number): SceneLabels {
  const of = <T>(values: readonly [T, ...T[]]) => values[number % values.length] ?? values[0];
  return {
    family: of(families),
    time: of(times),
    weather: of(weathers),
    season: of(seasons),
    sky: of(skies),
    palette: 'natural',
    style: 'flat',
    things: number % 2 === 0 ? ['balloon'] : [],
    caption: `scene ${['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'][number % 8] ?? ''}`,
  };
}

/** Writes a collection whose pictures have different stripes. */
export async function writeCollection(
  folder: string,
  index: { pixels: number; layouts: number; scenes: readonly SceneLabels[] },
): Promise<void> {
  const { pixels, layouts, scenes } = index;
  const bytes = 3 * pixels * pixels;
  const rgb = new Uint8ClampedArray(bytes * layouts * scenes.length);
  for (let index = 0; index < rgb.length; index++) {
    const picture = Math.floor(index / bytes);
    rgb[index] = 128 + 100 * Math.sin(Math.floor(index / 3) / (5 + picture) + (index % 3) + picture);
  }
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'pictures.rgb'), rgb);
  await writeFile(join(folder, 'scenes.json'), JSON.stringify(index));
}

import { open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { InputError } from '../../../src/base/index.ts';
import type { Picture } from '../../../src/base/index.ts';
import { families, palettes, seasons, skies, styles, things, times, weathers } from '../worlds/attributes.ts';
import { draw } from './statistics.ts';

const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const sceneSchema = v.object({
  family: v.picklist(families),
  time: v.picklist(times),
  weather: v.picklist(weathers),
  season: v.picklist(seasons),
  sky: v.picklist(skies),
  palette: v.picklist(palettes),
  style: v.picklist(styles),
  things: v.array(v.picklist(things)),
  /** Caption that states all attributes. */
  caption: v.pipe(v.string(), v.minLength(1)),
});
const indexSchema = v.object({
  pixels: v.pipe(count, v.minValue(16)),
  layouts: count,
  scenes: v.pipe(v.array(sceneSchema), v.minLength(1)),
});

/** Labels of a scene. */
export type SceneLabels = v.InferOutput<typeof sceneSchema>;

/** A scene of a collection. */
export interface HeldOutScene {
  /** Index in the collection. */
  readonly index: number;
  readonly labels: SceneLabels;
  /**
   * Reads one of its pictures; layouts count from 0.
   *
   * @throws InputError `collection-invalid` if the file was truncated
   */
  readonly read: (layout: number) => Promise<Picture>;
}

/** Scenes drawn by `worlds/draw.ts`, here with a seed that was not used in training. */
export interface Collection {
  /** Side of the pictures, in pixels. */
  readonly pixels: number;
  /** Number of pictures per scene. */
  readonly layouts: number;
  readonly scenes: readonly HeldOutScene[];
}

/**
 * Opens a collection: `scenes.json` is read at once, pictures in `pictures.rgb` (concatenated RGB bytes) on demand.
 *
 * @throws InputError `collection-invalid` with the file and the reason
 */
export async function openCollection(folder: string): Promise<Collection> {
  const index = join(folder, 'scenes.json');
  const { pixels, layouts, scenes } = parseIndex(
    index,
    await readFile(index, 'utf8').catch(unreadable(index)),
  );
  const file = join(folder, 'pictures.rgb');
  const bytes = 3 * pixels * pixels;
  const { size } = await stat(file).catch(unreadable(file));
  const expected = bytes * layouts * scenes.length;
  if (size < expected) {
    throw invalid(file, `it holds ${Math.floor(size / bytes)} of ${layouts * scenes.length} pictures`);
  }
  return {
    pixels,
    layouts,
    scenes: scenes.map((labels, scene) => ({
      index: scene,
      labels,
      read: (layout) => {
        if (!(layout >= 0 && layout < layouts)) throw new RangeError(`there is no layout ${layout}`);
        return readPicture(file, bytes * (scene * layouts + layout), pixels);
      },
    })),
  };
}

function parseIndex(file: string, text: string): v.InferOutput<typeof indexSchema> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw invalid(file, 'it is not JSON', cause);
  }
  const parsed = v.safeParse(indexSchema, json);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw invalid(file, `${v.getDotPath(issue) ?? 'the whole'}: ${issue.message}`, issue);
}

async function readPicture(file: string, position: number, pixels: number): Promise<Picture> {
  const area = pixels * pixels;
  const rgb = new Uint8Array(3 * area);
  const handle = await open(file);
  try {
    const { bytesRead } = await handle.read(rgb, 0, rgb.length, position);
    if (bytesRead < rgb.length) throw invalid(file, `it ends before byte ${position + rgb.length}`);
  } finally {
    await handle.close();
  }
  const data = new Uint8ClampedArray(4 * area).fill(255);
  for (let pixel = 0; pixel < area; pixel++) {
    for (let channel = 0; channel < 3; channel++) data[4 * pixel + channel] = rgb[3 * pixel + channel] ?? 0;
  }
  return { width: pixels, height: pixels, data };
}

function invalid(file: string, reason: string, cause?: unknown): InputError {
  return new InputError('collection-invalid', `${file} cannot be used: ${reason}.`, {
    remedy: 'Draw the collection with tools/builtin-model/worlds/draw.ts and give its folder with --data.',
    details: { file },
    cause,
  });
}

function unreadable(file: string): (cause: unknown) => never {
  return (cause) => {
    throw invalid(file, 'it cannot be read', cause);
  };
}

/** Draws scenes at random, balanced over families: a family is repeated only after all others were drawn. */
export function drawFamilies<T extends { readonly labels: { readonly family: string } }>(
  { scenes }: { readonly scenes: readonly T[] },
  count: number,
  random: () => number,
): T[] {
  const left = new Map<string, T[]>();
  for (const scene of draw(scenes, scenes.length, random)) {
    left.set(scene.labels.family, [...(left.get(scene.labels.family) ?? []), scene]);
  }
  const drawn: T[] = [];
  while (drawn.length < Math.min(count, scenes.length)) {
    for (const own of draw([...left.values()], left.size, random)) drawn.push(...own.splice(0, 1));
  }
  return drawn.slice(0, count);
}

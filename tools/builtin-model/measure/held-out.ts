import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { InputError } from '../../../src/base/index.ts';
import type { Picture } from '../../../src/base/index.ts';
import { readPng } from '../../png.ts';
import { draw } from './statistics.ts';

const text = v.pipe(v.string(), v.minLength(1));
const schema = v.object({
  size: v.pipe(v.number(), v.integer(), v.minValue(8)),
  pictures: v.pipe(
    v.array(v.object({ concept: text, name: text, text, set: text, file: text })),
    v.minLength(1),
  ),
});

/** A picture that training has not seen. */
export interface HeldOutPicture {
  /** What it shows, the same for all drawings of it. */
  readonly concept: string;
  readonly name: string;
  /** What is to be found for it among the texts of other concepts. */
  readonly text: string;
  /** Whose drawing it is. */
  readonly set: string;
  read(): Promise<Picture>;
}

/**
 * Reads the list of held-out pictures, `heldout.json`. The pictures are read when they are needed.
 *
 * @throws InputError `held-out-invalid` with the key
 */
export async function openHeldOut(folder: string): Promise<HeldOutPicture[]> {
  const file = join(folder, 'heldout.json');
  const invalid = (reason: string, cause: unknown) =>
    new InputError('held-out-invalid', `${file} cannot be used: ${reason}.`, {
      remedy: 'Give the folder that draws held-out pictures with --data.',
      details: { file },
      cause,
    });
  let json: unknown;
  try {
    json = JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    throw invalid('it cannot be read', cause);
  }
  const parsed = v.safeParse(schema, json);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw invalid(`${v.getDotPath(issue) ?? ''}: ${issue.message}`, issue);
  }
  return parsed.output.pictures.map(({ file: path, ...entry }) => ({
    ...entry,
    read: () => readPicture(join(folder, path)),
  }));
}

/** The photographs beside the held-out pictures, by name; none where there is no such folder. */
export async function readPhotographs(folder: string): Promise<{ name: string; picture: Picture }[]> {
  const place = join(folder, 'photographs');
  if (!existsSync(place)) return [];
  const names = (await readdir(place)).filter((name) => name.endsWith('.png')).sort();
  return Promise.all(names.map(async (name) => ({ name, picture: await readPicture(join(place, name)) })));
}

async function readPicture(path: string): Promise<Picture> {
  const bytes = await readFile(path);
  try {
    return readPng(bytes);
  } catch (cause) {
    throw new InputError('picture-invalid', `${path} cannot be used.`, {
      remedy: 'Pictures must be PNG files of 8 bits in red, green and blue.',
      details: { file: path },
      cause,
    });
  }
}

/** So many pictures of different things, drawn at random. */
export function drawConcepts(
  pictures: readonly HeldOutPicture[],
  count: number,
  random: () => number,
): HeldOutPicture[] {
  const byConcept = new Map<string, HeldOutPicture[]>();
  for (const picture of pictures) {
    byConcept.set(picture.concept, [...(byConcept.get(picture.concept) ?? []), picture]);
  }
  return draw([...byConcept.values()], count, random).flatMap((same) => draw(same, 1, random));
}

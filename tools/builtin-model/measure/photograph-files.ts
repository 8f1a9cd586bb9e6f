import { readFile, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { InputError } from '../../../src/base/index.ts';
import type { Picture } from '../../../src/base/index.ts';
import { readPng } from '../../png.ts';

/** A photograph, which is not in the training data. */
export interface Photograph {
  /** File name without extension. */
  readonly name: string;
  /** @throws InputError `picture-invalid` */
  readonly read: () => Promise<Picture>;
}

/**
 * Lists the PNG files of a folder, sorted by name; they are read on demand.
 *
 * @throws InputError `no-photographs` if there are none
 */
export async function openPhotographs(folder: string): Promise<readonly Photograph[]> {
  const fail = (reason: string, cause?: unknown) =>
    new InputError('no-photographs', `${folder} ${reason}.`, {
      remedy: 'Give a folder of PNG files with --photographs.',
      details: { folder },
      cause,
    });
  const files = await readdir(folder).catch((cause: unknown) => {
    throw fail('cannot be read', cause);
  });
  const pictures = files.filter((name) => name.endsWith('.png')).sort();
  if (pictures.length === 0) throw fail('holds no PNG files');
  return pictures.map((file) => ({
    name: basename(file, '.png'),
    read: () => readPicture(join(folder, file)),
  }));
}

async function readPicture(file: string): Promise<Picture> {
  try {
    return readPng(await readFile(file));
  } catch (cause) {
    throw new InputError('picture-invalid', `${file} cannot be used.`, {
      remedy: 'Photographs must be PNG files of 8 bits in red, green and blue.',
      details: { file },
      cause,
    });
  }
}

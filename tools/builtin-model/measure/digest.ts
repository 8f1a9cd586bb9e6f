import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { InputError } from '../../../src/base/index.ts';
import type { Picture } from '../../../src/base/index.ts';

/** Number of hexadecimal digits: enough to distinguish models and pictures. */
const digits = 16;

/**
 * Digest of a model's files, which keeps results of different models apart. Markdown files (the model card) are
 * excluded.
 *
 * @throws InputError `no-model` if the folder cannot be read
 */
export async function digestFolder(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((cause: unknown) => {
    throw new InputError('no-model', `The folder ${folder} cannot be read.`, {
      remedy: 'Give the folder of a model.json with --model.',
      details: { folder },
      cause,
    });
  });
  const paths = entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.md'))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
  const hash = createHash('sha256');
  for (const path of paths) hash.update(`${path}\0`).update(await readFile(join(folder, path)));
  return hash.digest('hex').slice(0, digits);
}

export function digestPicture({ width, height, data }: Picture): string {
  return createHash('sha256').update(`${width}×${height}`).update(data).digest('hex').slice(0, digits);
}

import { readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { fileSource } from '../../../tools/file-source.ts';
import type { FileSource } from '../../../tools/file-source.ts';

/** Opens all files of a folder, by their relative paths (with slashes, sorted). */
export async function openFolder(
  folder: string,
): Promise<{ readonly files: ReadonlyMap<string, FileSource>; readonly close: () => Promise<void> }> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = found
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
  const files = new Map<string, FileSource>();
  for (const path of paths) files.set(path, await fileSource(join(folder, path)));
  return {
    files,
    close: async () => {
      await Promise.all([...files.values()].map((file) => file.close()));
    },
  };
}

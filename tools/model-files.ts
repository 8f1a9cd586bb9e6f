import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { mkdir, readdir, realpath, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import type { ModelFiles, ModelFileWriter } from '../src/models/install/index.ts';
import { checkRange } from '../src/models/source.ts';
import type { ByteSource } from '../src/models/types.ts';

/** `ModelFiles` on a folder in Node: each model is a subfolder. */
export function modelFilesIn(root: string): ModelFiles {
  return {
    async list() {
      const entries = await orNull(readdir(root, { withFileTypes: true }));
      return (entries ?? []).filter((entry) => entry.isDirectory()).map(({ name }) => name);
    },
    async files(model) {
      const folder = join(root, model);
      return Promise.all(
        (await filesIn(folder)).map(async (name) => ({ name, size: (await stat(join(folder, name))).size })),
      );
    },
    async open(model, name) {
      const path = join(root, model, name);
      const found = await orNull(stat(path));
      return found?.isFile() === true ? fileOnDisk(name, path, found.size) : null;
    },
    async writer(model, name) {
      const path = join(root, model, name);
      await mkdir(dirname(path), { recursive: true });
      return fileWriter(path);
    },
    remove: (model) => rm(join(root, model), { recursive: true, force: true }),
    async freeSpace() {
      await mkdir(root, { recursive: true });
      const { bavail, bsize } = await statfs(root);
      return bavail * bsize;
    },
  };
}

/**
 * All files below a folder, as sorted relative paths with slashes; empty if the folder does not exist. Symbolic links
 * are followed, because the cache of the hub's client consists of them, except links to an ancestor folder.
 */
export async function filesIn(folder: string): Promise<string[]> {
  const found: string[] = [];
  const visit = async (path: string, above: readonly string[]): Promise<void> => {
    const real = await orNull(realpath(path));
    if (real === null || above.includes(real)) return;
    for (const name of (await orNull(readdir(path))) ?? []) {
      const inside = join(path, name);
      const kind = await orNull(stat(inside));
      if (kind?.isFile() === true) found.push(relative(folder, inside).split(sep).join('/'));
      else if (kind?.isDirectory() === true) await visit(inside, [...above, real]);
    }
  };
  await visit(folder, []);
  return found.sort();
}

/** A file at its current size. It is opened for each read, so it need not be closed. */
export function fileOnDisk(name: string, path: string, size: number): ByteSource {
  const readAt = (offset: number, length: number) => {
    checkRange(name, size, offset, length);
    const bytes = new Uint8Array(length);
    const file = openSync(path, 'r');
    try {
      for (let done = 0; done < length;) {
        const read = readSync(file, bytes, done, length - done, offset + done);
        // The file was truncated in the meantime.
        if (read === 0) checkRange(name, offset + done, offset, length);
        done += read;
      }
    } finally {
      closeSync(file);
    }
    return bytes;
  };
  return {
    name,
    size,
    read: (offset, length, signal) =>
      new Promise((resolve) => {
        signal?.throwIfAborted();
        resolve(readAt(offset, length));
      }),
    readSync: readAt,
  };
}

function fileWriter(path: string): ModelFileWriter {
  // Node has no flag for read-write access that creates a file without truncating it.
  closeSync(openSync(path, 'a'));
  const file = openSync(path, 'r+');
  return {
    size: () => fstatSync(file).size,
    write(at, bytes) {
      for (let done = 0; done < bytes.length;) {
        done += writeSync(file, bytes, done, bytes.length - done, at + done);
      }
    },
    truncate(size) {
      ftruncateSync(file, size);
    },
    flush() {
      fsyncSync(file);
    },
    close() {
      closeSync(file);
    },
  };
}

async function orNull<T>(promise: Promise<T>): Promise<T | null> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ELOOP')) {
      return null;
    }
    throw error;
  }
}

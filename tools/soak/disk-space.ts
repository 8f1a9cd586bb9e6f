import { mkdir, readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { imageVariations } from '../full-model/model.ts';
import type { ModelSize } from '../full-model/model.ts';

/**
 * Whether a folder contains the model or is empty. Creates the folder if it does not exist.
 *
 * @throws Error if it contains something else
 */
export async function modelIn(folder: string, size: ModelSize): Promise<'there' | 'missing'> {
  await mkdir(folder, { recursive: true });
  if ((await readdir(folder)).length === 0) return 'missing';
  for (const [path, source] of imageVariations(size, 'safetensors')) {
    const found = await stat(join(folder, path)).catch(() => null);
    if (found?.size !== source.size) {
      throw new Error(
        `${join(folder, path)} should have the ${source.size} bytes of the ${size} model. Give an empty folder, or another.`,
      );
    }
  }
  return 'there';
}

/** Size of the model in bytes on the hub, and its maximum size once installed. */
export function bytesOf(size: ModelSize): { readonly published: number; readonly installed: number } {
  let published = 0;
  let installed = 0;
  for (const [path, source] of imageVariations(size, 'safetensors')) {
    published += source.size;
    // float32 weights are stored as float16.
    installed += path.endsWith('.safetensors') ? source.size / 2 : source.size;
  }
  return { published, installed };
}

/**
 * Checks that there is enough disk space, with a margin of 10%.
 *
 * @param wants - bytes to be written per folder; folders on the same file system are added up
 * @throws Error with the needed and the free space
 */
export async function checkDiskSpace(
  wants: readonly { readonly folder: string; readonly bytes: number }[],
): Promise<void> {
  const disks = new Map<number, { folder: string; bytes: number }>();
  for (const { folder, bytes } of wants) {
    const { dev } = await stat(folder);
    disks.set(dev, { folder, bytes: bytes + (disks.get(dev)?.bytes ?? 0) });
  }
  for (const { folder, bytes } of disks.values()) {
    const { bavail, bsize } = await statfs(folder);
    const [needed, free] = [(1.1 * bytes) / 1e9, (bavail * bsize) / 1e9];
    if (free >= needed) continue;
    throw new Error(
      `${needed.toFixed(1)} GB are needed at ${folder}, and ${free.toFixed(1)} GB are free. ` +
        'Make room, or set TMPDIR to a folder on another disk.',
    );
  }
}

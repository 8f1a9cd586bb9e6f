import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelError } from '../src/base/index.ts';
import type { ModelParts } from '../src/models/model.ts';
import { readCheckpointParts } from './checkpoint-parts.ts';
import { fileSource } from './file-source.ts';
import type { FileSource } from './file-source.ts';

/** Names of weight files in order of preference. */
const weightNames = ['diffusion_pytorch_model.safetensors', 'diffusion_pytorch_model.bin'];

/** A checkpoint on disk. Its weight files stay open until `close`. */
export interface CheckpointFolder {
  readonly parts: ModelParts;
  readonly close: () => Promise<void>;
}

/**
 * Opens a checkpoint in the layout of diffusers: `unet/`, `vae/`, `scheduler/` and `image_encoder/model.onnx` in one
 * folder. Weights are read on demand, so files may be larger than memory.
 *
 * @throws ModelError `not-found`, and the errors of the parsers of its parts
 */
export async function openCheckpointFolder(folder: string): Promise<CheckpointFolder> {
  const open: FileSource[] = [];
  const close = async () => {
    await Promise.all(open.map((file) => file.close()));
  };
  try {
    const parts = await readCheckpointParts({
      json: async (path): Promise<unknown> => JSON.parse(await readFile(join(folder, path), 'utf8')),
      bytes: async (path) => new Uint8Array(await readFile(join(folder, path))),
      async weights(part) {
        const file = await fileSource(join(folder, weightsPath(folder, part)));
        open.push(file);
        return file;
      },
    });
    return { parts, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Path of a part's weights in a checkpoint's folder.
 *
 * @throws ModelError `not-found`
 */
export function weightsPath(folder: string, part: 'unet' | 'vae'): string {
  const path = weightNames.map((name) => `${part}/${name}`).find((name) => existsSync(join(folder, name)));
  if (path !== undefined) return path;
  throw new ModelError('not-found', `${join(folder, part)} holds no weights.`, {
    remedy: `It must hold one of: ${weightNames.join(', ')}.`,
    details: { folder, part },
  });
}

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelError } from '../src/base/index.ts';
import { openCheckpoint } from '../src/models/checkpoint/index.ts';
import { parseSchedulerConfig, parseUnetConfig, parseVaeConfig } from '../src/models/config/index.ts';
import type { ModelParts } from '../src/models/model.ts';
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
    return { parts: await readParts(folder, open), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function readParts(folder: string, open: FileSource[]): Promise<ModelParts> {
  const json = async (path: string): Promise<unknown> =>
    JSON.parse(await readFile(join(folder, path), 'utf8'));
  const weights = async (part: string) => {
    const path = weightNames
      .map((name) => join(folder, part, name))
      .find((candidate) => existsSync(candidate));
    if (path === undefined) {
      throw new ModelError('not-found', `${join(folder, part)} holds no weights.`, {
        remedy: `It must hold one of: ${weightNames.join(', ')}.`,
        details: { folder, part },
      });
    }
    const file = await fileSource(path);
    open.push(file);
    return openCheckpoint(file);
  };
  const graph = await readFile(join(folder, 'image_encoder/model.onnx'));
  return {
    unet: {
      config: parseUnetConfig('unet/config.json', await json('unet/config.json')),
      checkpoint: await weights('unet'),
    },
    vae: {
      config: parseVaeConfig('vae/config.json', await json('vae/config.json')),
      checkpoint: await weights('vae'),
    },
    scheduler: parseSchedulerConfig(
      'scheduler/scheduler_config.json',
      await json('scheduler/scheduler_config.json'),
    ),
    imageEncoder: {
      model: () => Promise.resolve({ graph: new Uint8Array(graph), weights: [] }),
      size: 224,
    },
  };
}

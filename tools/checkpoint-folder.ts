import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelError } from '../src/base/index.ts';
import { openCheckpoint } from '../src/models/checkpoint/index.ts';
import { parseSchedulerConfig, parseUnetConfig, parseVaeConfig } from '../src/models/config/index.ts';
import { memorySource } from '../src/models/source.ts';
import type { ModelParts } from '../src/models/model.ts';

/** Weight files in order of preference. */
const weightNames = ['diffusion_pytorch_model.safetensors', 'diffusion_pytorch_model.bin'];

/**
 * Opens a model in diffusers' layout: `unet/`, `vae/`, `scheduler/` and `image_encoder/model.onnx` in one folder.
 *
 * @throws ModelError `not-found`, and whatever the readers of its parts throw
 */
export async function openCheckpointFolder(folder: string): Promise<ModelParts> {
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
    return openCheckpoint(memorySource(path, new Uint8Array(await readFile(path))));
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

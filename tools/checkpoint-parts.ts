import { openCheckpoint } from '../src/models/checkpoint/index.ts';
import { parseSchedulerConfig, parseUnetConfig, parseVaeConfig } from '../src/models/config/index.ts';
import type { ModelParts } from '../src/models/model.ts';
import { openOnnx } from '../src/models/onnx/index.ts';
import { memorySource } from '../src/models/source.ts';
import type { ByteSource } from '../src/models/types.ts';

/** Default input size of CLIP's image tower: side in pixels. */
const clipSide = 224;

/** Access to the files of a checkpoint in the layout of diffusers, on disk or on a server. */
export interface CheckpointFiles {
  /** Contents of a JSON file, such as `unet/config.json`. */
  json(path: string): Promise<unknown>;
  bytes(path: string): Promise<Uint8Array<ArrayBuffer>>;
  /** Weights of `unet` or `vae`. */
  weights(part: 'unet' | 'vae'): Promise<ByteSource>;
}

/**
 * Reads a checkpoint: `unet/`, `vae/`, `scheduler/` and `image_encoder/model.onnx`.
 *
 * @throws ModelError like the parsers of its parts; what `files` throws
 */
export async function readCheckpointParts(files: CheckpointFiles): Promise<ModelParts> {
  const path = 'image_encoder/model.onnx';
  const graph = memorySource(path, await files.bytes(path));
  return {
    unet: {
      config: parseUnetConfig('unet/config.json', await files.json('unet/config.json')),
      checkpoint: await openCheckpoint(await files.weights('unet')),
    },
    vae: {
      config: parseVaeConfig('vae/config.json', await files.json('vae/config.json')),
      checkpoint: await openCheckpoint(await files.weights('vae')),
    },
    scheduler: parseSchedulerConfig(
      'scheduler/scheduler_config.json',
      await files.json('scheduler/scheduler_config.json'),
    ),
    imageEncoder: { model: (signal, type) => openOnnx(graph, { signal, type }), size: clipSide },
  };
}

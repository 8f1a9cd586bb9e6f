import type { LatentSize } from '../base/index.ts';
import type { UnetConfig, VaeConfig } from './config/index.ts';
import { compileContext, compileUnet, compileVaeDecoder } from './onnx/index.ts';
import type { Kernels, CompiledGraph } from './onnx/index.ts';
import type { Checkpoint } from './types.ts';

/** Configurations and checkpoint headers of the networks that Drift compiles. */
export interface NetworkHeaders {
  readonly unet: { readonly config: UnetConfig; readonly checkpoint: Pick<Checkpoint, 'name' | 'tensors'> };
  readonly vae: { readonly config: VaeConfig; readonly checkpoint: Pick<Checkpoint, 'name' | 'tensors'> };
}

type Type = 'float16' | 'float32';

/** Compiles a model's networks to graphs, for latents of any size. */
export interface NetworkGraphs {
  context(type: Type): CompiledGraph;
  unet(size: LatentSize, type: Type): CompiledGraph;
  decoder(size: LatentSize, type: Type): CompiledGraph;
}

export function networkGraphs({ unet, vae }: NetworkHeaders, kernels: Kernels): NetworkGraphs {
  return {
    context: (type) => compileContext(unet.config, unet.checkpoint, type),
    unet: (size, type) => compileUnet(unet.config, unet.checkpoint, type, size, kernels),
    decoder: (size, type) => compileVaeDecoder(vae.config, vae.checkpoint, type, size, kernels),
  };
}

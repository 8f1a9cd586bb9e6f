import type { OnnxModel } from '../runtime/index.ts';
import type { SchedulerConfig, UnetConfig, VaeConfig } from './config/index.ts';
import { compileContext, compileUnet, compileVaeDecoder, contextWidth } from './onnx/index.ts';
import type { CompiledGraph } from './onnx/index.ts';
import { packWeights } from './pack.ts';
import type { Checkpoint } from './types.ts';

/** The parts of an image variation model, read and checked. */
export interface ModelParts {
  readonly unet: { readonly config: UnetConfig; readonly checkpoint: Checkpoint };
  readonly vae: { readonly config: VaeConfig; readonly checkpoint: Checkpoint };
  readonly scheduler: SchedulerConfig;
  /** CLIP image tower with projection, as an ONNX file: `pixel_values` to `image_embeds`. */
  readonly imageEncoder: {
    readonly model: (signal?: AbortSignal) => Promise<OnnxModel>;
    readonly size: number;
  };
  readonly previewFactors?: readonly number[] | undefined;
}

/**
 * How Stable Diffusion 1.x latents look: rows of red, green, blue for each latent channel, then a bias. Found by
 * linear regression of decoded pictures on their latents; widely used for previews.
 */
const stableDiffusionPreview = [
  0.298, 0.207, 0.208, 0.187, 0.286, 0.173, -0.158, 0.189, 0.264, -0.184, -0.271, -0.473, 0, 0, 0,
];

/** What a device wants of the networks that are compiled for it. */
export interface Target {
  /** What the networks compute in: float16 on GPUs that can, float32 elsewhere. */
  readonly type: 'float16' | 'float32';
  /**
   * Attention with heads of up to this many channels is one fused node. Software GPUs compile the fused node's shader
   * for 14 s at 32 channels, a minute at 40 and longer beyond, once; the same attention spelled out takes seconds.
   */
  readonly widestFusedHead: number;
}

/** What a device wants: see `Target`. */
export function targetFor(type: 'float16' | 'float32', softwareGpu: boolean): Target {
  return { type, widestFusedHead: softwareGpu ? 24 : Infinity };
}

/**
 * A model ready to be compiled for any size of picture. Weights are packed when a network is asked for and are
 * not kept here: what is kept is the checkpoint's source.
 */
export function createModel(parts: ModelParts, { type, widestFusedHead }: Target) {
  const { unet, vae, scheduler, imageEncoder } = parts;

  async function pack(
    { graph, plan }: CompiledGraph,
    checkpoint: Checkpoint,
    signal?: AbortSignal,
  ): Promise<OnnxModel> {
    const data = await packWeights(plan, checkpoint, { signal });
    return { graph, weights: [{ location: plan.location, data }] };
  }

  return {
    latentChannels: vae.config.latentChannels,
    latentScale: vae.config.latentScale,
    embeddingWidth: unet.config.embeddingWidth,
    contextWidth: contextWidth(unet.config),
    clipSize: imageEncoder.size,
    timestep: unet.config.timestep,
    schedule: scheduler,
    previewFactors: parts.previewFactors ?? stableDiffusionPreview,

    imageEncoder: imageEncoder.model,
    context: (signal?: AbortSignal) =>
      pack(compileContext(unet.config, unet.checkpoint, type), unet.checkpoint, signal),
    unet: (size: { height: number; width: number }, signal?: AbortSignal) =>
      pack(compileUnet(unet.config, unet.checkpoint, type, size, widestFusedHead), unet.checkpoint, signal),
    decoder: (size: { height: number; width: number }, signal?: AbortSignal) =>
      pack(compileVaeDecoder(vae.config, vae.checkpoint, type, size), vae.checkpoint, signal),
  };
}

export type Model = ReturnType<typeof createModel>;

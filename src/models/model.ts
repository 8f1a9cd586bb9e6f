import type { LatentSize } from '../base/index.ts';
import type { OnnxModel } from '../runtime/index.ts';
import type { SchedulerConfig, UnetConfig, VaeConfig } from './config/index.ts';
import { checkMemory } from './limits.ts';
import type { BufferLimits } from './limits.ts';
import { networkGraphs } from './networks.ts';
import { largestPiece } from './pieces.ts';
import type { DecoderPiece } from './pieces.ts';
import { contextWidth } from './onnx/index.ts';
import type { AttentionLimits, CompiledGraph } from './onnx/index.ts';
import { lazyWeights, packWeights } from './pack.ts';
import { previewFactors } from './preview-factors.ts';
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

/** What a device wants of the networks that are compiled for it. */
export interface Target {
  /** What the networks compute in: float16 on GPUs that can, float32 elsewhere. */
  readonly type: 'float16' | 'float32';
  readonly attention: AttentionLimits;
  /** What it holds in one piece; null for the processor: see `checkMemory`. */
  readonly limits: BufferLimits | null;
}

/** Keys and values of so many tokens lie in workgroup memory at once in ONNX Runtime's fused attention. */
const fusedTokens = { keys: 16, values: 16 };

/** Software GPUs compile fused attention for 14 s at heads of 32 channels, a minute at 40 and longer beyond, once. */
const widestOnSoftware = 24;

/**
 * Attention is fused where its kernel fits the device. Its scores are sliced where they would not fit a binding; on the
 * processor, where its shapes are no limit but WebAssembly's memory is, as `checkMemory` measured it.
 */
function attentionLimits(
  type: 'float16' | 'float32',
  softwareGpu: boolean,
  limits: BufferLimits | null,
): AttentionLimits {
  if (!limits) return { widestFusedHead: Infinity, scoreBytes: Infinity };
  const channel = (fusedTokens.keys + fusedTokens.values) * (type === 'float16' ? 2 : 4);
  const fits = Math.floor((limits.maxComputeWorkgroupStorageSize ?? Infinity) / channel);
  return {
    widestFusedHead: softwareGpu ? Math.min(fits, widestOnSoftware) : fits,
    scoreBytes: Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize),
  };
}

/** What a device wants: see `Target`. */
export function targetFor(
  type: 'float16' | 'float32',
  softwareGpu: boolean,
  limits: BufferLimits | null = null,
): Target {
  return { type, attention: attentionLimits(type, softwareGpu, limits), limits };
}

/**
 * A model ready to be compiled for any size of picture, in the target's type or in the one that is asked for. Weights
 * are packed while a network is loaded, or, from sources that cannot be read synchronously, just before; they are not
 * kept here: what is kept is the checkpoint's source.
 */
export function createModel(parts: ModelParts, { type, attention, limits }: Target) {
  const { unet, vae, scheduler, imageEncoder } = parts;
  const graphs = networkGraphs(parts, attention);
  /** What the device is known to hold. */
  const checked = new Set<string>();
  const pieces = new Map<string, DecoderPiece>();

  async function pack(
    { graph, plan }: CompiledGraph,
    checkpoint: Checkpoint,
    signal?: AbortSignal,
  ): Promise<OnnxModel> {
    const data = lazyWeights(plan, checkpoint, signal) ?? (await packWeights(plan, checkpoint, { signal }));
    return { graph, weights: [{ location: plan.location, data }] };
  }

  const checkLimits = (network: 'UNet' | 'decoder', size: LatentSize, rows: number, as = type): void => {
    const key = `${network} ${size.height}x${size.width}x${rows} ${as}`;
    if (checked.has(key)) return;
    const graph = network === 'UNet' ? graphs.unet(size, as) : graphs.decoder(size, as);
    checkMemory(network, graph, rows, limits);
    checked.add(key);
  };

  return {
    latentChannels: vae.config.latentChannels,
    latentScale: vae.config.latentScale,
    embeddingWidth: unet.config.embeddingWidth,
    contextWidth: contextWidth(unet.config),
    clipSize: imageEncoder.size,
    timestep: unet.config.timestep,
    schedule: scheduler,
    previewFactors: previewFactors(parts.previewFactors, vae.config.latentChannels),

    imageEncoder: imageEncoder.model,
    context: (signal?: AbortSignal, as = type) => pack(graphs.context(as), unet.checkpoint, signal),
    unet: (size: LatentSize, signal?: AbortSignal, as = type) =>
      pack(graphs.unet(size, as), unet.checkpoint, signal),
    decoder: (size: LatentSize, signal?: AbortSignal, as = type) =>
      pack(graphs.decoder(size, as), vae.checkpoint, signal),

    /**
     * Checks that the device can hold what a network needs for latents of this size, without reading a weight.
     *
     * @param rows - how many of them it gets at once: with classifier-free guidance, the UNet gets two for a picture
     * @param as - the type that the network computes in: the target's, or the one that is asked for
     * @throws DeviceError `gpu-too-small` or `cpu-too-small`
     */
    checkLimits,

    /**
     * What the device decodes at once of latents of this size: all, or a part of them.
     *
     * @throws DeviceError `gpu-too-small` or `cpu-too-small` where it can decode no part either
     */
    decoderPiece: (size: LatentSize, rows: number, as = type): DecoderPiece => {
      const key = `${size.height}x${size.width}x${rows} ${as}`;
      const known = pieces.get(key);
      if (known) return known;
      const piece = largestPiece(size, rows, (part) => {
        checkLimits('decoder', part, part.rows, as);
      });
      pieces.set(key, piece);
      return piece;
    },
  };
}

export type Model = ReturnType<typeof createModel>;

import type { LatentSize } from '../base/index.ts';
import type { OnnxModel } from '../runtime/index.ts';
import type { SchedulerConfig, UnetConfig, VaeConfig } from './config/index.ts';
import { checkMemory } from './limits.ts';
import type { BufferLimits } from './limits.ts';
import { networkGraphs } from './networks.ts';
import { largestTile } from './decoder-tile.ts';
import type { DecoderTile } from './decoder-tile.ts';
import { contextWidth, cpuKernels } from './onnx/index.ts';
import type { CompiledGraph, Kernels } from './onnx/index.ts';
import { lazyWeights, packWeights } from './pack.ts';
import { previewFactors } from './preview-factors.ts';
import type { Checkpoint } from './types.ts';

/** Parts of an image variation model, read and validated. */
export interface ModelParts {
  readonly unet: { readonly config: UnetConfig; readonly checkpoint: Checkpoint };
  readonly vae: { readonly config: VaeConfig; readonly checkpoint: Checkpoint };
  readonly scheduler: SchedulerConfig;
  /** CLIP image tower with projection, as ONNX in the device's number type: `pixel_values` to `image_embeds`. */
  readonly imageEncoder: {
    readonly model: (signal?: AbortSignal, type?: Target['type']) => Promise<OnnxModel>;
    readonly size: number;
  };
  readonly previewFactors?: readonly number[] | undefined;
}

/** Compilation target: the properties of a device that compiled networks depend on. */
export interface Target {
  /** Number type: float16 on GPUs that support it, otherwise float32. */
  readonly type: 'float16' | 'float32';
  readonly kernels: Kernels;
  /** Buffer limits; null for the CPU: see `checkMemory`. */
  readonly limits: BufferLimits | null;
}

/** Tokens whose keys and values are in workgroup memory at once in ONNX Runtime's fused attention. */
const fusedTokens = { keys: 16, values: 16 };

/** Software GPUs take 14 s to compile fused attention with heads of 32 channels, a minute with 40, once. */
const widestOnSoftware = 24;

/**
 * Attention is fused if its kernel fits the device, and its scores are sliced if they would exceed a binding. The CPU has
 * no such limits except total memory, which `checkMemory` covers. float16 without limits is a GPU that is not known yet.
 */
function kernelsOf(type: 'float16' | 'float32', softwareGpu: boolean, limits: BufferLimits | null): Kernels {
  if (!limits) return { ...cpuKernels, fusedLayers: type === 'float16' };
  const channel = (fusedTokens.keys + fusedTokens.values) * (type === 'float16' ? 2 : 4);
  const fits = Math.floor((limits.maxComputeWorkgroupStorageSize ?? Infinity) / channel);
  return {
    widestFusedHead: softwareGpu ? Math.min(fits, widestOnSoftware) : fits,
    scoreBytes: Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize),
    fusedLayers: true,
  };
}

/** Creates the compilation target for a device. */
export function targetFor(
  type: 'float16' | 'float32',
  softwareGpu: boolean,
  limits: BufferLimits | null = null,
): Target {
  return { type, kernels: kernelsOf(type, softwareGpu, limits), limits };
}

/**
 * A model that can be compiled for any picture size, in the target's number type or another. Weights are packed lazily
 * while a network is loaded or, if the source cannot be read synchronously, just before; only the checkpoint's source is
 * kept.
 */
export function createModel(parts: ModelParts, { type, kernels, limits }: Target) {
  const { unet, vae, scheduler, imageEncoder } = parts;
  const graphs = networkGraphs(parts, kernels);
  /** Keys of combinations that fit the device. */
  const checked = new Set<string>();
  const tiles = new Map<string, DecoderTile>();

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

    imageEncoder: (signal?: AbortSignal) => imageEncoder.model(signal, type),
    context: (signal?: AbortSignal, as = type) => pack(graphs.context(as), unet.checkpoint, signal),
    unet: (size: LatentSize, signal?: AbortSignal, as = type) =>
      pack(graphs.unet(size, as), unet.checkpoint, signal),
    decoder: (size: LatentSize, signal?: AbortSignal, as = type) =>
      pack(graphs.decoder(size, as), vae.checkpoint, signal),

    /**
     * Checks that a network fits the device for latents of this size, without reading weights.
     *
     * @param rows Latents per evaluation; two per picture for the UNet with classifier-free guidance.
     * @param as Number type; default: the target's.
     * @throws DeviceError `gpu-too-small` or `cpu-too-small`
     */
    checkLimits,

    /**
     * The most that the device decodes at once of latents of this size.
     *
     * @throws DeviceError `gpu-too-small` or `cpu-too-small` if not even a tile fits
     */
    decoderTile: (size: LatentSize, rows: number, as = type): DecoderTile => {
      const key = `${size.height}x${size.width}x${rows} ${as}`;
      const known = tiles.get(key);
      if (known) return known;
      const tile = largestTile(size, rows, (part) => {
        checkLimits('decoder', part, part.rows, as);
      });
      tiles.set(key, tile);
      return tile;
    },
  };
}

export type Model = ReturnType<typeof createModel>;

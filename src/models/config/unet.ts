import * as v from 'valibot';
import { ModelError, mostLatentChannels } from '../../base/index.ts';
import { readConfig, unsupportedError } from './read.ts';
import type { AcceptedValues } from './read.ts';

const size = v.pipe(v.number(), v.integer(), v.minValue(1));
const perLevel = v.union([size, v.pipe(v.array(size), v.minLength(1))]);

const schema = v.object({
  in_channels: v.optional(size, 4),
  out_channels: v.optional(size, 4),
  block_out_channels: v.optional(v.pipe(v.array(size), v.minLength(1)), [320, 640, 1280, 1280]),
  down_block_types: v.optional(v.pipe(v.array(v.string()), v.minLength(1)), [
    'CrossAttnDownBlock2D',
    'CrossAttnDownBlock2D',
    'CrossAttnDownBlock2D',
    'DownBlock2D',
  ]),
  up_block_types: v.optional(v.pipe(v.array(v.string()), v.minLength(1)), [
    'UpBlock2D',
    'CrossAttnUpBlock2D',
    'CrossAttnUpBlock2D',
    'CrossAttnUpBlock2D',
  ]),
  layers_per_block: v.optional(perLevel, 2),
  transformer_layers_per_block: v.optional(perLevel, 1),
  cross_attention_dim: v.optional(perLevel, 1280),
  attention_head_dim: v.optional(perLevel, 8),
  num_attention_heads: v.nullish(perLevel),
  norm_num_groups: v.optional(size, 32),
  norm_eps: v.optional(v.pipe(v.number(), v.minValue(0)), 1e-5),
  downsample_padding: v.optional(v.picklist([0, 1]), 1),
  conv_in_kernel: v.optional(v.picklist([1, 3, 5, 7]), 3),
  conv_out_kernel: v.optional(v.picklist([1, 3, 5, 7]), 3),
  flip_sin_to_cos: v.optional(v.boolean(), true),
  freq_shift: v.optional(v.number(), 0),
  time_embedding_dim: v.nullish(size),
});

const accepted: AcceptedValues = {
  act_fn: ['silu', 'swish'],
  attention_type: ['default', null],
  mid_block_type: ['UNetMidBlock2DCrossAttn'],
  mid_block_scale_factor: [1],
  resnet_time_scale_shift: ['default'],
  resnet_out_scale_factor: [1, null],
  time_embedding_type: ['positional'],
  // A linear layer or a convolution of 1×1: the same product.
  use_linear_projection: [true, false],
  // No effect without added embeddings.
  addition_embed_type_num_heads: [64, null],
};

/** A level of a UNet, at one resolution. */
export interface UnetLevel {
  readonly channels: number;
  readonly layers: number;
  /** 0 for a level without attention. */
  readonly transformerLayers: number;
  readonly heads: number;
  readonly contextWidth: number;
}

/** Configuration of a `UNet2DConditionModel` of the Stable Diffusion 1.x family. */
export interface UnetConfig {
  readonly inChannels: number;
  readonly outChannels: number;
  /** Levels of the encoder, highest resolution first. */
  readonly down: readonly UnetLevel[];
  readonly middle: UnetLevel;
  /** Levels of the decoder, lowest resolution first; each has one residual block more than its `layers`. */
  readonly up: readonly UnetLevel[];
  /** Length of the image embedding that conditions the network. */
  readonly embeddingWidth: number;
  readonly timeWidth: number;
  readonly groups: number;
  readonly epsilon: number;
  readonly downsamplePadding: 0 | 1;
  readonly convInKernel: number;
  readonly convOutKernel: number;
  /** Sinusoidal timestep embedding. */
  readonly timestep: {
    readonly width: number;
    readonly cosineFirst: boolean;
    readonly frequencyShift: number;
  };
}

/**
 * Parses a UNet's `config.json`.
 *
 * @throws ModelError `config-invalid` or `config-unsupported`, with the key
 */
export function parseUnetConfig(file: string, input: unknown): UnetConfig {
  const c = readConfig(file, input, schema, accepted);
  if (c.num_attention_heads !== null && c.num_attention_heads !== undefined) {
    throw unsupportedError(file, 'num_attention_heads', c.num_attention_heads);
  }
  // Inpainting models have more inputs, models that predict a variance more outputs.
  const channels = Math.min(c.in_channels, c.out_channels, mostLatentChannels);
  if (c.in_channels > channels) throw unsupportedError(file, 'in_channels', c.in_channels);
  if (c.out_channels > channels) throw unsupportedError(file, 'out_channels', c.out_channels);
  const levels = c.block_out_channels.length;

  const spread = (key: keyof typeof c, value: number | number[]): number[] => {
    const list = typeof value === 'number' ? Array.from({ length: levels }, () => value) : value;
    if (list.length === levels) return list;
    throw new ModelError(
      'config-invalid',
      `${file}: "${key}" has ${list.length} values for ${levels} levels.`,
      {
        remedy: 'Get the file again from where the model came from.',
        details: { file, key, value: JSON.stringify(value) },
      },
    );
  };
  const layers = spread('layers_per_block', c.layers_per_block);
  const transformers = spread('transformer_layers_per_block', c.transformer_layers_per_block);
  const contexts = spread('cross_attention_dim', c.cross_attention_dim);
  // In these configurations `attention_head_dim` is the NUMBER of heads, a misnomer that diffusers keeps for old files.
  const heads = spread('attention_head_dim', c.attention_head_dim);

  const embeddingWidth = contexts[0] ?? 0;
  if (contexts.some((width) => width !== embeddingWidth)) {
    throw unsupportedError(file, 'cross_attention_dim', c.cross_attention_dim);
  }

  const level = (index: number, attention: boolean): UnetLevel => {
    const channels = c.block_out_channels[index] ?? 0;
    if (channels % c.norm_num_groups !== 0) {
      throw unsupportedError(file, 'norm_num_groups', c.norm_num_groups);
    }
    const headCount = heads[index] ?? 1;
    if (attention && channels % headCount !== 0) {
      throw unsupportedError(file, 'attention_head_dim', c.attention_head_dim);
    }
    return {
      channels,
      layers: layers[index] ?? 0,
      transformerLayers: attention ? (transformers[index] ?? 1) : 0,
      heads: headCount,
      contextWidth: embeddingWidth,
    };
  };
  const blocks = (key: 'down_block_types' | 'up_block_types', plain: string, attention: string) => {
    const types = c[key];
    if (types.length !== levels) throw unsupportedError(file, key, types);
    return types.map((type, position) => {
      if (type !== plain && type !== attention) throw unsupportedError(file, key, types);
      return level(key === 'down_block_types' ? position : levels - 1 - position, type === attention);
    });
  };

  const width = c.block_out_channels[0] ?? 0;
  return {
    inChannels: c.in_channels,
    outChannels: c.out_channels,
    down: blocks('down_block_types', 'DownBlock2D', 'CrossAttnDownBlock2D'),
    middle: level(levels - 1, true),
    up: blocks('up_block_types', 'UpBlock2D', 'CrossAttnUpBlock2D'),
    embeddingWidth,
    timeWidth: c.time_embedding_dim ?? 4 * width,
    groups: c.norm_num_groups,
    epsilon: c.norm_eps,
    downsamplePadding: c.downsample_padding,
    convInKernel: c.conv_in_kernel,
    convOutKernel: c.conv_out_kernel,
    timestep: { width, cosineFirst: c.flip_sin_to_cos, frequencyShift: c.freq_shift },
  };
}

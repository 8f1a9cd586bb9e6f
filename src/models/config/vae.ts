import * as v from 'valibot';
import { mostLatentChannels } from '../../base/index.ts';
import { readConfig, unsupportedError } from './read.ts';
import type { AcceptedValues } from './read.ts';

const size = v.pipe(v.number(), v.integer(), v.minValue(1));
const types = v.pipe(v.array(v.string()), v.minLength(1));

const schema = v.object({
  out_channels: v.optional(size, 3),
  latent_channels: v.optional(size, 4),
  block_out_channels: v.optional(v.pipe(v.array(size), v.minLength(1)), [64]),
  up_block_types: v.optional(types, ['UpDecoderBlock2D']),
  layers_per_block: v.optional(size, 1),
  norm_num_groups: v.optional(size, 32),
  scaling_factor: v.optional(v.pipe(v.number(), v.minValue(1e-6)), 0.18215),
  use_post_quant_conv: v.optional(v.boolean(), true),
  mid_block_add_attention: v.optional(v.boolean(), true),
});

const accepted: AcceptedValues = { act_fn: ['silu', 'swish'], in_channels: [3] };

/** Ignored keys of the encoder: Drift only decodes. */
const encoderKeys = new Set(['down_block_types']);

/** Configuration of the decoder of an `AutoencoderKL`. */
export interface VaeConfig {
  readonly latentChannels: number;
  readonly outChannels: number;
  /** Channels of the levels, highest resolution first, as in the file. */
  readonly channels: readonly number[];
  readonly layers: number;
  readonly groups: number;
  /** The UNet's latents are the encoder's, multiplied by this. */
  readonly scalingFactor: number;
  readonly postQuantConv: boolean;
  readonly middleAttention: boolean;
  /** Pixels per latent, along a side. */
  readonly latentScale: number;
}

/**
 * Parses an autoencoder's `config.json`.
 *
 * @throws ModelError `config-invalid` or `config-unsupported`, with the key
 */
export function parseVaeConfig(file: string, input: unknown): VaeConfig {
  const decoderPart =
    typeof input === 'object' && input !== null && !Array.isArray(input)
      ? Object.fromEntries(Object.entries(input).filter(([key]) => !encoderKeys.has(key)))
      : input;
  const c = readConfig(file, decoderPart, schema, accepted);
  if (
    c.up_block_types.length !== c.block_out_channels.length ||
    c.up_block_types.some((type) => type !== 'UpDecoderBlock2D')
  ) {
    throw unsupportedError(file, 'up_block_types', c.up_block_types);
  }
  if (c.block_out_channels.some((channels) => channels % c.norm_num_groups !== 0)) {
    throw unsupportedError(file, 'norm_num_groups', c.norm_num_groups);
  }
  if (c.latent_channels > mostLatentChannels) {
    throw unsupportedError(file, 'latent_channels', c.latent_channels);
  }
  if (c.out_channels !== 3) throw unsupportedError(file, 'out_channels', c.out_channels);
  return {
    latentChannels: c.latent_channels,
    outChannels: c.out_channels,
    channels: c.block_out_channels,
    layers: c.layers_per_block,
    groups: c.norm_num_groups,
    scalingFactor: c.scaling_factor,
    postQuantConv: c.use_post_quant_conv,
    middleAttention: c.mid_block_add_attention,
    latentScale: 2 ** (c.block_out_channels.length - 1),
  };
}

import type { VaeConfig } from '../config/index.ts';
import type { Checkpoint } from '../types.ts';
import { GraphBuilder } from './builder.ts';
import type { CompiledGraph } from './builder.ts';
import {
  add,
  conv,
  enlarge,
  groupNorm,
  resnet,
  selfAttention,
  silu,
  toFeatureMap,
  toTokens,
} from './layers.ts';
import type { AttentionNames, FeatureMap } from './layers.ts';

const EPSILON = 1e-6;

/**
 * `AutoencoderKL`'s decoder for latents of one size: `latents` [batch, latent channels, height, width], scaled as
 * the UNet sees them, to `image` [batch, 3, H, W] in -1…1. The batch is open.
 *
 * Follows diffusers 0.30.3 (Apache-2.0). The division by the scaling factor is part of the first weights.
 */
export function compileVaeDecoder(
  config: VaeConfig,
  checkpoint: Pick<Checkpoint, 'name' | 'tensors'>,
  type: 'float16' | 'float32',
  size: { readonly height: number; readonly width: number },
): CompiledGraph {
  const g = new GraphBuilder('vae_decoder', type, checkpoint, 'vae_decoder.bin');
  const { groups, latentChannels } = config;
  const epsilon = EPSILON;
  const channels = [...config.channels].reverse();
  const widest = channels[0] ?? 0;

  let x: FeatureMap = {
    value: g.input('latents', type, ['batch', latentChannels, size.height, size.width]),
    channels: latentChannels,
    ...size,
  };
  const unscale = { inputScale: 1 / config.scalingFactor };
  if (config.postQuantConv) x = conv(g, x, 'post_quant_conv', latentChannels, { kernel: 1, ...unscale });
  x = conv(g, x, 'decoder.conv_in', widest, config.postQuantConv ? {} : unscale);

  x = resnet(g, x, 'decoder.mid_block.resnets.0', { channels: widest, groups, epsilon });
  if (config.middleAttention) x = attention(g, x, 'decoder.mid_block.attentions.0', groups);
  x = resnet(g, x, 'decoder.mid_block.resnets.1', { channels: widest, groups, epsilon });

  for (const [index, width] of channels.entries()) {
    const prefix = `decoder.up_blocks.${index}`;
    for (let layer = 0; layer <= config.layers; layer++) {
      x = resnet(g, x, `${prefix}.resnets.${layer}`, { channels: width, groups, epsilon });
    }
    if (index < channels.length - 1) {
      const doubled = { height: 2 * x.height, width: 2 * x.width };
      x = conv(g, enlarge(g, x, doubled), `${prefix}.upsamplers.0.conv`, width);
    }
  }

  const normal = groupNorm(g, x, 'decoder.conv_norm_out', groups, epsilon);
  const image = conv(g, { ...normal, value: silu(g, normal.value) }, 'decoder.conv_out', config.outChannels);
  g.output(image.value, 'image', type, ['batch', config.outChannels, image.height, image.width]);
  return g.build();
}

/** The decoder's one attention layer: a single head over all positions, wider than fused attention is made for. */
function attention(g: GraphBuilder, x: FeatureMap, prefix: string, groups: number): FeatureMap {
  const normal = groupNorm(g, x, `${prefix}.group_norm`, groups, EPSILON);
  const attended = selfAttention(g, toTokens(g, normal), attentionNames(g, prefix), 1, 'spelled');
  return add(g, x, toFeatureMap(g, attended, x));
}

/** Checkpoints from before diffusers 0.12 keep these four layers under other names. */
function attentionNames(g: GraphBuilder, prefix: string): AttentionNames {
  const old = g.weights.has(`${prefix}.query.weight`);
  const [query, key, value, out] = old
    ? (['query', 'key', 'value', 'proj_attn'] as const)
    : (['to_q', 'to_k', 'to_v', 'to_out.0'] as const);
  return {
    query: `${prefix}.${query}`,
    key: `${prefix}.${key}`,
    value: `${prefix}.${value}`,
    out: `${prefix}.${out}`,
    inputBias: true,
  };
}

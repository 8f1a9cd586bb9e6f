import type { VaeConfig } from '../config/index.ts';
import type { Checkpoint } from '../types.ts';
import { GraphBuilder } from './builder.ts';
import type { CompiledGraph } from './builder.ts';
import { cpuKernels } from './kernels.ts';
import type { Kernels } from './kernels.ts';
import { conv, upsample, groupNorm, resnet } from './layers.ts';
import type { FeatureMap } from './layers.ts';
import { vaeEpsilon as epsilon, vaeMiddle } from './vae-middle.ts';

/**
 * Decoder of `AutoencoderKL` for latents of one size: `latents` [batch, latent channels, height, width], scaled as the
 * UNet's, to `image` [batch, 3, H, W] in -1…1. The batch is open.
 *
 * Follows diffusers 0.30.3 (Apache-2.0). The division by the scaling factor is folded into the first weights.
 */
export function compileVaeDecoder(
  config: VaeConfig,
  checkpoint: Pick<Checkpoint, 'name' | 'tensors'>,
  type: 'float16' | 'float32',
  size: { readonly height: number; readonly width: number },
  kernels: Kernels = cpuKernels,
): CompiledGraph {
  const g = new GraphBuilder('vae_decoder', type, checkpoint, 'vae_decoder.bin', kernels);
  const { groups, latentChannels } = config;
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

  x = vaeMiddle(g, x, 'decoder.mid_block', config);

  for (const [index, width] of channels.entries()) {
    const prefix = `decoder.up_blocks.${index}`;
    for (let layer = 0; layer <= config.layers; layer++) {
      x = resnet(g, x, `${prefix}.resnets.${layer}`, { channels: width, groups, epsilon });
    }
    if (index < channels.length - 1) {
      const doubled = { height: 2 * x.height, width: 2 * x.width };
      x = conv(g, upsample(g, x, doubled), `${prefix}.upsamplers.0.conv`, width);
    }
  }

  const normal = groupNorm(g, x, 'decoder.conv_norm_out', { groups, epsilon, silu: true });
  const image = conv(g, normal, 'decoder.conv_out', config.outChannels);
  g.output(image.value, 'image', type, ['batch', config.outChannels, image.height, image.width]);
  return g.build();
}

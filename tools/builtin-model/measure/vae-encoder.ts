import type { VaeConfig } from '../../../src/models/config/index.ts';
import { GraphBuilder } from '../../../src/models/onnx/builder.ts';
import type { CompiledGraph, Kernels } from '../../../src/models/onnx/index.ts';
import { conv, groupNorm, resnet } from '../../../src/models/onnx/layers.ts';
import type { FeatureMap } from '../../../src/models/onnx/layers.ts';
import { dataTypes } from '../../../src/models/onnx/proto.ts';
import { vaeEpsilon as epsilon, vaeMiddle } from '../../../src/models/onnx/vae-middle.ts';
import type { Checkpoint } from '../../../src/models/types.ts';

/**
 * Compiles the encoder of `AutoencoderKL` for pictures of one size: `image` float32 [batch, 3, height, width] in -1…1
 * to `latents` [batch, latent channels, h, w], the mean of the latents' distribution times the scaling factor. The
 * batch size is dynamic.
 *
 * The page never encodes pictures to latents; this is used to measure reconstruction. Follows diffusers 0.30.3
 * (Apache-2.0).
 *
 * @throws CheckpointError `tensor-missing` if the checkpoint has only the decoder
 */
export function compileVaeEncoder(
  config: VaeConfig,
  checkpoint: Pick<Checkpoint, 'name' | 'tensors'>,
  type: 'float16' | 'float32',
  size: { readonly height: number; readonly width: number },
  kernels: Kernels,
): CompiledGraph {
  const g = new GraphBuilder('vae_encoder', type, checkpoint, 'vae_encoder.bin', kernels);
  const { groups, latentChannels, outChannels, channels } = config;
  const narrow = (value: string) =>
    type === 'float16' ? g.node('Cast', [value], { to: { int: dataTypes.float16 } }) : value;

  const image = g.input('image', 'float32', ['batch', outChannels, size.height, size.width]);
  let x: FeatureMap = { value: narrow(image), channels: outChannels, ...size };
  x = conv(g, x, 'encoder.conv_in', channels[0] ?? 0);
  for (const [index, width] of channels.entries()) {
    const prefix = `encoder.down_blocks.${index}`;
    for (let layer = 0; layer < config.layers; layer++) {
      x = resnet(g, x, `${prefix}.resnets.${layer}`, { channels: width, groups, epsilon });
    }
    if (index < channels.length - 1) {
      // Asymmetric padding below and on the right, as in diffusers.
      x = conv(g, x, `${prefix}.downsamplers.0.conv`, width, { stride: 2, padding: [0, 0, 1, 1] });
    }
  }
  x = vaeMiddle(g, x, 'encoder.mid_block', config);
  x = groupNorm(g, x, 'encoder.conv_norm_out', { groups, epsilon, silu: true });
  x = conv(g, x, 'encoder.conv_out', 2 * latentChannels);
  if (g.weights.has('quant_conv.weight')) {
    x = conv(g, x, 'quant_conv', 2 * latentChannels, { kernel: 1 });
  }

  // The second half of the channels is the log variance.
  const mean = g.node('Slice', [x.value, g.integers([0]), g.integers([latentChannels]), g.integers([1])]);
  const latents = g.node('Mul', [mean, narrow(g.floats([config.scalingFactor]))]);
  g.output(latents, 'latents', type, ['batch', latentChannels, x.height, x.width]);
  return g.build();
}

import type { UnetConfig, UnetLevel } from '../config/index.ts';
import type { Checkpoint } from '../types.ts';
import { GraphBuilder } from './builder.ts';
import type { CompiledGraph, Value } from './builder.ts';
import type { Kernels } from './kernels.ts';
import { conv, upsample, groupNorm, resnet, silu } from './layers.ts';
import type { FeatureMap } from './layers.ts';
import { splitParts } from './parts.ts';
import { transformer } from './transformer.ts';
import { attentionBlocks, resnetBlocks, stackedWeight, width, widths } from './unet-blocks.ts';

/**
 * UNet for latents of one size: `sample` [batch, in, height, width], `timestep` float32 [1, C] (see `timestepFeatures`)
 * and `context` [rows, S] (see `compileContext`) to `output` [rows, out, height, width]. Only the batch is open.
 *
 * There are one or several rows per sample, `rows` = halves · `batch`, grouped by half: with classifier-free guidance
 * (Ho & Salimans 2021), unconditional and conditional. Nothing before the first transformer's self-attention depends on
 * the context, so up to there the rows of a sample are computed once. `halves` [halves, 1, 1, 1], zeros, gives the number
 * of repetitions: adding it broadcasts.
 *
 * Follows `UNet2DConditionModel` of diffusers 0.30.3 (Apache-2.0).
 */
export function compileUnet(
  config: UnetConfig,
  checkpoint: Pick<Checkpoint, 'name' | 'tensors'>,
  type: 'float16' | 'float32',
  size: { readonly height: number; readonly width: number },
  kernels: Kernels,
): CompiledGraph {
  const g = new GraphBuilder('unet', type, checkpoint, 'unet.bin', kernels);
  const { groups, epsilon } = config;
  const sample: FeatureMap = {
    value: g.input('sample', type, ['batch', config.inChannels, size.height, size.width]),
    channels: config.inChannels,
    ...size,
  };
  const halves = g.input('halves', type, ['halves', 1, 1, 1]);
  const biases = firstBiases(g, config);
  const contexts = contextVectors(g, config);

  /** True while the rows of a sample are still computed once. */
  const state = { shared: true };
  const repeatMap = (map: FeatureMap): FeatureMap => {
    const flat = g.node('Reshape', [map.value, g.integers([1, -1, map.channels, map.height * map.width])]);
    const repeated = g.node('Add', [flat, halves]);
    const dims = g.integers([-1, map.channels, map.height, map.width]);
    return { ...map, value: g.node('Reshape', [repeated, dims]) };
  };

  const residual = (x: FeatureMap, prefix: string, channels: number) => {
    return resnet(g, x, prefix, { channels, groups, epsilon, firstBias: biases.get(prefix) ?? '' });
  };
  const attend = (x: FeatureMap, prefix: string, level: UnetLevel) => {
    if (level.transformerLayers === 0) return x;
    const repeat = state.shared ? { map: repeatMap, halves } : null;
    state.shared = false;
    return transformer(g, x, prefix, level, config, { contexts, repeat });
  };

  let x = conv(g, sample, 'conv_in', config.down[0]?.channels ?? 0, { kernel: config.convInKernel });
  const skips = [{ ...x, shared: state.shared }];
  for (const [index, level] of config.down.entries()) {
    const prefix = `down_blocks.${index}`;
    for (let layer = 0; layer < level.layers; layer++) {
      x = residual(x, `${prefix}.resnets.${layer}`, level.channels);
      x = attend(x, `${prefix}.attentions.${layer}`, level);
      skips.push({ ...x, shared: state.shared });
    }
    if (index < config.down.length - 1) {
      x = conv(g, x, `${prefix}.downsamplers.0.conv`, level.channels, {
        stride: 2,
        padding: config.downsamplePadding === 1 ? 'same' : [0, 0, 1, 1],
      });
      skips.push({ ...x, shared: state.shared });
    }
  }

  x = residual(x, 'mid_block.resnets.0', config.middle.channels);
  x = attend(x, 'mid_block.attentions.0', config.middle);
  x = residual(x, 'mid_block.resnets.1', config.middle.channels);

  for (const [index, level] of config.up.entries()) {
    const prefix = `up_blocks.${index}`;
    for (let layer = 0; layer <= level.layers; layer++) {
      const skip = skips.pop();
      if (!skip) throw new RangeError('the way up has more layers than the way down left connections for');
      const connection = skip.shared && !state.shared ? repeatMap(skip) : skip;
      const joined = {
        ...x,
        value: g.node('Concat', [x.value, connection.value], { axis: { int: 1 } }),
        channels: x.channels + skip.channels,
      };
      x = residual(joined, `${prefix}.resnets.${layer}`, level.channels);
      x = attend(x, `${prefix}.attentions.${layer}`, level);
    }
    const next = skips.at(-1);
    if (index < config.up.length - 1 && next) {
      x = conv(
        g,
        upsample(g, x, { height: next.height, width: next.width }),
        `${prefix}.upsamplers.0.conv`,
        level.channels,
      );
    }
  }

  const normal = groupNorm(g, x, 'conv_norm_out', { groups, epsilon, silu: true });
  const out = conv(g, normal, 'conv_out', config.outChannels, {
    kernel: config.convOutKernel,
  });
  const output = state.shared ? repeatMap(out) : out;
  g.output(output.value, 'output', type, ['rows', config.outChannels, size.height, size.width]);
  return g.build();
}

/**
 * Biases of the first convolution of every residual block, with its timestep vector added: the vector is the same for all
 * rows and pixels. One stacked matrix product, split afterwards.
 */
function firstBiases(g: GraphBuilder, config: UnetConfig): Map<string, Value> {
  const blocks = resnetBlocks(config);
  const features = g.node('Cast', [g.input('timestep', 'float32', [1, config.timestep.width])], {
    to: { int: g.type === 'float16' ? 10 : 1 },
  });
  const dense = (x: Value, prefix: string, input: number) =>
    g.node(
      'Gemm',
      [
        x,
        g.weight(
          `${prefix}.weight`,
          [config.timeWidth, input],
          [{ tensor: `${prefix}.weight`, dims: [config.timeWidth, input] }],
        ),
        g.weight(
          `${prefix}.bias`,
          [config.timeWidth],
          [{ tensor: `${prefix}.bias`, dims: [config.timeWidth] }],
        ),
      ],
      { transB: { int: 1 } },
    );
  const hidden = silu(g, dense(features, 'time_embedding.linear_1', config.timestep.width));
  const embedding = silu(g, dense(hidden, 'time_embedding.linear_2', config.timeWidth));
  const stacked = (name: string) =>
    g.weight(
      name,
      [width(blocks)],
      blocks.map(({ prefix, channels }) => ({ tensor: `${prefix}.${name}`, dims: [channels] })),
    );
  const projected = g.node(
    'Gemm',
    [
      embedding,
      stackedWeight(g, 'time_emb_proj', blocks, config.timeWidth, '.time_emb_proj.weight'),
      stacked('time_emb_proj.bias'),
    ],
    { transB: { int: 1 } },
  );
  const summed = g.node('Add', [projected, stacked('conv1.bias')]);
  const flat = g.node('Reshape', [summed, g.integers([-1])]);
  const vectors = splitParts(g, flat, widths(blocks), 0);
  return new Map(blocks.map(({ prefix }, index) => [prefix, vectors[index] ?? '']));
}

/** Context vectors of all transformer blocks: [rows, 1, channels]. */
function contextVectors(g: GraphBuilder, config: UnetConfig): Map<string, Value> {
  const blocks = attentionBlocks(config);
  const context = g.input('context', g.type, ['rows', width(blocks)]);
  const shaped = g.node('Reshape', [context, g.integers([0, 1, width(blocks)])]);
  const vectors = splitParts(g, shaped, widths(blocks), 2);
  return new Map(blocks.map(({ prefix }, index) => [prefix, vectors[index] ?? '']));
}

import type { UnetConfig, UnetLevel } from '../config/index.ts';
import type { Checkpoint } from '../types.ts';
import { GraphBuilder } from './builder.ts';
import type { CompiledGraph, Value } from './builder.ts';
import {
  add,
  conv,
  enlarge,
  groupNorm,
  layerNorm,
  linear,
  resnet,
  selfAttention,
  silu,
  toFeatureMap,
  toTokens,
} from './layers.ts';
import type { FeatureMap, Tokens } from './layers.ts';

type Header = Pick<Checkpoint, 'name' | 'tensors'>;

/** A residual block or a transformer block by its place in the checkpoint. */
interface Site {
  readonly prefix: string;
  readonly channels: number;
}

/** All residual blocks that take the timestep, in the order in which the network runs them. */
function resnetSites(config: UnetConfig): Site[] {
  const block = (prefix: string, level: UnetLevel, count: number) =>
    Array.from({ length: count }, (_, index) => ({
      prefix: `${prefix}.resnets.${index}`,
      channels: level.channels,
    }));
  return [
    ...config.down.flatMap((level, index) => block(`down_blocks.${index}`, level, level.layers)),
    ...block('mid_block', config.middle, 2),
    ...config.up.flatMap((level, index) => block(`up_blocks.${index}`, level, level.layers + 1)),
  ];
}

/** All transformer blocks that take the image embedding, in the order in which the network runs them. */
function attentionSites(config: UnetConfig): Site[] {
  const block = (prefix: string, level: UnetLevel, count: number) =>
    Array.from({ length: count }, (_, index) =>
      Array.from({ length: level.transformerLayers }, (_, depth) => ({
        prefix: `${prefix}.attentions.${index}.transformer_blocks.${depth}`,
        channels: level.channels,
      })),
    ).flat();
  return [
    ...config.down.flatMap((level, index) => block(`down_blocks.${index}`, level, level.layers)),
    ...block('mid_block', config.middle, 1),
    ...config.up.flatMap((level, index) => block(`up_blocks.${index}`, level, level.layers + 1)),
  ];
}

const width = (sites: readonly Site[]) => sites.reduce((sum, site) => sum + site.channels, 0);

/** Length of one row of the context graph's output: the widths of all transformer blocks one after another. */
export function contextWidth(config: UnetConfig): number {
  return width(attentionSites(config));
}

/**
 * The part of the UNet that sees the image embedding: `embeds` float32 [batch, d] to `context` [batch, S].
 *
 * Over a context of one token softmax is 1, so cross-attention is `to_out(to_v(e))` whatever the picture, the
 * query and the key are. It is computed here, once a frame, for all transformer blocks; `to_q`, `to_k` and the
 * norm before them are never read.
 */
export function compileContext(
  config: UnetConfig,
  checkpoint: Header,
  type: 'float16' | 'float32',
): CompiledGraph {
  const g = new GraphBuilder('context', type, checkpoint, 'context.bin');
  const sites = attentionSites(config);
  const embeds = g.node('Cast', [g.input('embeds', 'float32', ['batch', config.embeddingWidth])], {
    to: { int: type === 'float16' ? 10 : 1 },
  });
  const values = g.node(
    'Gemm',
    [embeds, stackedWeight(g, 'to_v', sites, config.embeddingWidth, '.attn2.to_v.weight')],
    {
      transB: { int: 1 },
    },
  );
  const vectors = split(g, values, sites, 1).map((value, index) => {
    const { prefix, channels } = sites[index] ?? { prefix: '', channels: 0 };
    const out = `${prefix}.attn2.to_out.0`;
    return g.node(
      'Gemm',
      [
        value,
        g.weight(
          `${out}.weight`,
          [channels, channels],
          [{ tensor: `${out}.weight`, dims: [channels, channels] }],
        ),
        g.weight(`${out}.bias`, [channels], [{ tensor: `${out}.bias`, dims: [channels] }]),
      ],
      { transB: { int: 1 } },
    );
  });
  g.output(concat(g, vectors), 'context', type, ['batch', width(sites)]);
  return g.build();
}

/** Linear layers with a common input as one matrix [all outputs, input]. */
function stackedWeight(
  g: GraphBuilder,
  name: string,
  sites: readonly Site[],
  input: number,
  suffix: string,
): Value {
  return g.weight(
    `${name}.weight`,
    [width(sites), input],
    sites.map(({ prefix, channels }) => ({ tensor: prefix + suffix, dims: [channels, input] })),
  );
}

/**
 * A kernel binds all inputs and outputs of its node at once, and a GPU may allow no more than 8 bindings, so that
 * wider splits and joins are made in rounds.
 */
const MOST_PARTS = 7;

/** Cuts a value into the sites' widths along an axis. */
function split(g: GraphBuilder, value: Value, sites: readonly Site[], axis: number): Value[] {
  if (sites.length <= 1) return [value];
  const groups = sites.length <= MOST_PARTS ? sites.map((site) => [site]) : grouped(sites);
  const parts = g.split('Split', [value, g.integers(groups.map(width))], groups.length, {
    axis: { int: axis },
  });
  return groups.flatMap((group, index) => split(g, parts[index] ?? '', group, axis));
}

/** The inverse of `split`, along axis 1. */
function concat(g: GraphBuilder, values: readonly Value[]): Value {
  const [first = ''] = values;
  if (values.length <= 1) return first;
  const parts = values.length <= MOST_PARTS ? values : grouped(values).map((group) => concat(g, group));
  return g.node('Concat', parts, { axis: { int: 1 } });
}

/** At most `MOST_PARTS` runs of nearly equal length. */
function grouped<T>(list: readonly T[]): T[][] {
  const length = Math.ceil(list.length / MOST_PARTS);
  return Array.from({ length: Math.ceil(list.length / length) }, (_, index) =>
    list.slice(index * length, (index + 1) * length),
  );
}

/**
 * The UNet for latents of one size: `sample` [batch, in, height, width], `timestep` float32 [1, C] (the sinusoidal
 * features of `timestepFeatures`) and `context` [batch, S] (from the context graph) to `output` [batch, out, height,
 * width]. The batch is open; the size is fixed, so that every shape in the graph is known.
 *
 * @param widestFusedHead - attention with heads of up to this many channels becomes one node
 *
 * Follows `UNet2DConditionModel` of diffusers 0.30.3 (Apache-2.0).
 */
export function compileUnet(
  config: UnetConfig,
  checkpoint: Header,
  type: 'float16' | 'float32',
  size: { readonly height: number; readonly width: number },
  widestFusedHead: number,
): CompiledGraph {
  const g = new GraphBuilder('unet', type, checkpoint, 'unet.bin');
  const { groups, epsilon } = config;
  const sample: FeatureMap = {
    value: g.input('sample', type, ['batch', config.inChannels, size.height, size.width]),
    channels: config.inChannels,
    ...size,
  };
  const times = timeVectors(g, config);
  const contexts = contextVectors(g, config);

  const residual = (x: FeatureMap, prefix: string, channels: number) => {
    const time = times.get(prefix);
    return resnet(g, x, prefix, { channels, groups, epsilon, ...(time === undefined ? {} : { time }) });
  };
  const attend = (x: FeatureMap, prefix: string, level: UnetLevel) =>
    level.transformerLayers === 0 ? x : transformer(g, x, prefix, level, config, contexts, widestFusedHead);

  let x = conv(g, sample, 'conv_in', config.down[0]?.channels ?? 0, { kernel: config.convInKernel });
  const skips = [x];
  for (const [index, level] of config.down.entries()) {
    const prefix = `down_blocks.${index}`;
    for (let layer = 0; layer < level.layers; layer++) {
      x = residual(x, `${prefix}.resnets.${layer}`, level.channels);
      x = attend(x, `${prefix}.attentions.${layer}`, level);
      skips.push(x);
    }
    if (index < config.down.length - 1) {
      x = conv(g, x, `${prefix}.downsamplers.0.conv`, level.channels, {
        stride: 2,
        padding: config.downsamplePadding === 1 ? 'same' : [0, 0, 1, 1],
      });
      skips.push(x);
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
      const joined = {
        ...x,
        value: g.node('Concat', [x.value, skip.value], { axis: { int: 1 } }),
        channels: x.channels + skip.channels,
      };
      x = residual(joined, `${prefix}.resnets.${layer}`, level.channels);
      x = attend(x, `${prefix}.attentions.${layer}`, level);
    }
    const next = skips.at(-1);
    if (index < config.up.length - 1 && next) {
      x = conv(
        g,
        enlarge(g, x, { height: next.height, width: next.width }),
        `${prefix}.upsamplers.0.conv`,
        level.channels,
      );
    }
  }

  const normal = groupNorm(g, x, 'conv_norm_out', groups, epsilon);
  const out = conv(g, { ...normal, value: silu(g, normal.value) }, 'conv_out', config.outChannels, {
    kernel: config.convOutKernel,
  });
  g.output(out.value, 'output', type, ['batch', config.outChannels, size.height, size.width]);
  return g.build();
}

/** What the timestep adds in each residual block: all blocks' projections are one matrix product, cut afterwards. */
function timeVectors(g: GraphBuilder, config: UnetConfig): Map<string, Value> {
  const sites = resnetSites(config);
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
  const projected = g.node(
    'Gemm',
    [
      embedding,
      stackedWeight(g, 'time_emb_proj', sites, config.timeWidth, '.time_emb_proj.weight'),
      g.weight(
        'time_emb_proj.bias',
        [width(sites)],
        sites.map(({ prefix, channels }) => ({ tensor: `${prefix}.time_emb_proj.bias`, dims: [channels] })),
      ),
    ],
    { transB: { int: 1 } },
  );
  const shaped = g.node('Reshape', [projected, g.integers([1, width(sites), 1, 1])]);
  const vectors = split(g, shaped, sites, 1);
  return new Map(sites.map(({ prefix }, index) => [prefix, vectors[index] ?? '']));
}

/** What the image embedding adds in each transformer block: [batch, 1, channels]. */
function contextVectors(g: GraphBuilder, config: UnetConfig): Map<string, Value> {
  const sites = attentionSites(config);
  const context = g.input('context', g.type, ['batch', width(sites)]);
  const shaped = g.node('Reshape', [context, g.integers([0, 1, width(sites)])]);
  const vectors = split(g, shaped, sites, 2);
  return new Map(sites.map(({ prefix }, index) => [prefix, vectors[index] ?? '']));
}

/** diffusers' Transformer2DModel, with cross-attention collapsed to the vector that it is. */
function transformer(
  g: GraphBuilder,
  x: FeatureMap,
  prefix: string,
  level: UnetLevel,
  config: UnetConfig,
  contexts: ReadonlyMap<string, Value>,
  widestFusedHead: number,
): FeatureMap {
  const normal = groupNorm(g, x, `${prefix}.norm`, config.groups, 1e-6);
  let tokens = config.linearProjection
    ? linear(g, toTokens(g, normal), `${prefix}.proj_in`, level.channels, { bias: true })
    : toTokens(g, conv(g, normal, `${prefix}.proj_in`, level.channels, { kernel: 1 }));
  for (let depth = 0; depth < level.transformerLayers; depth++) {
    const block = `${prefix}.transformer_blocks.${depth}`;
    const attended = selfAttention(
      g,
      layerNorm(g, tokens, `${block}.norm1`),
      {
        query: `${block}.attn1.to_q`,
        key: `${block}.attn1.to_k`,
        value: `${block}.attn1.to_v`,
        out: `${block}.attn1.to_out.0`,
        inputBias: false,
      },
      level.heads,
      level.channels / level.heads <= widestFusedHead ? 'fused' : 'spelled',
    );
    tokens = add(g, tokens, attended);
    tokens = { ...tokens, value: g.node('Add', [tokens.value, contexts.get(block) ?? '']) };
    tokens = add(g, tokens, feedForward(g, layerNorm(g, tokens, `${block}.norm3`), `${block}.ff`));
  }
  const out = config.linearProjection
    ? toFeatureMap(g, linear(g, tokens, `${prefix}.proj_out`, x.channels, { bias: true }), x)
    : conv(g, toFeatureMap(g, tokens, x), `${prefix}.proj_out`, x.channels, { kernel: 1 });
  return add(g, x, out);
}

/**
 * How much smaller than it is the gated product is kept: it is the one value that grows with the square of what the
 * layers before it give, and the first to leave the range of float16. A power of two, so that nothing is rounded.
 */
const gatedScale = 1 / 16;

/** The feed-forward layer with a GELU gate (GEGLU, Shazeer 2020). */
function feedForward(g: GraphBuilder, x: Tokens, prefix: string): Tokens {
  const inner = 4 * x.channels;
  const projected = linear(g, x, `${prefix}.net.0.proj`, 2 * inner, {
    bias: true,
    first: { channels: inner, scale: gatedScale },
  });
  const [hidden, gate] = g.split('Split', [projected.value, g.integers([inner, inner])], 2, {
    axis: { int: 2 },
  });
  const gated = g.node('Mul', [hidden ?? '', g.node('com.microsoft.Gelu', [gate ?? ''])]);
  return linear(g, { ...x, value: gated, channels: inner }, `${prefix}.net.2`, x.channels, {
    bias: true,
    inputScale: 1 / gatedScale,
  });
}

import type { VaeConfig } from '../config/index.ts';
import type { GraphBuilder } from './builder.ts';
import { selfAttention } from './attention.ts';
import type { AttentionNames } from './attention.ts';
import { add, groupNorm, resnet, toFeatureMap, toTokens } from './layers.ts';
import type { FeatureMap } from './layers.ts';

/** Epsilon of an autoencoder's group norms. */
export const vaeEpsilon = 1e-6;

/** Maximum pictures that attention slices are planned for. */
const mostRows = 4;

/** Mid block of `AutoencoderKL`, the same in encoder and decoder, which `prefix` selects. */
export function vaeMiddle(
  g: GraphBuilder,
  x: FeatureMap,
  prefix: string,
  { groups, middleAttention }: Pick<VaeConfig, 'groups' | 'middleAttention'>,
): FeatureMap {
  const options = { channels: x.channels, groups, epsilon: vaeEpsilon };
  let hidden = resnet(g, x, `${prefix}.resnets.0`, options);
  if (middleAttention) hidden = attention(g, hidden, `${prefix}.attentions.0`, groups);
  return resnet(g, hidden, `${prefix}.resnets.1`, options);
}

/** The only attention layer: one head over all positions, too wide for fused attention. */
function attention(g: GraphBuilder, x: FeatureMap, prefix: string, groups: number): FeatureMap {
  const normal = groupNorm(g, x, `${prefix}.group_norm`, { groups, epsilon: vaeEpsilon });
  const attended = selfAttention(g, toTokens(g, normal), attentionNames(g, prefix), 1, mostRows, 0);
  return add(g, x, toFeatureMap(g, attended, x));
}

/** Tensor names, which differ in checkpoints from before diffusers 0.12. */
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

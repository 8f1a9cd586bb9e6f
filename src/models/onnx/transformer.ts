import type { UnetConfig, UnetLevel } from '../config/index.ts';
import { selfAttention } from './attention.ts';
import type { GraphBuilder, Value } from './builder.ts';
import { add, groupNorm, layerNorm, linear, linearBias, toFeatureMap, toTokens } from './layers.ts';
import type { FeatureMap, Tokens } from './layers.ts';

/** Maximum rows that attention slices are planned for: four pictures with classifier-free guidance. */
const mostRows = 8;

export interface TransformerOptions {
  /** Context vectors by transformer block: [rows, 1, channels]. */
  readonly contexts: ReadonlyMap<string, Value>;
  /**
   * Repeats rows where they are still shared, before the first context is added: `map` repeats a feature map; tokens are
   * repeated by adding `halves` [halves, 1, 1, 1]. Null if rows are not shared.
   */
  readonly repeat: { readonly map: (x: FeatureMap) => FeatureMap; readonly halves: Value } | null;
}

/** diffusers' Transformer2DModel, with cross-attention reduced to a vector (see `compileContext`). */
export function transformer(
  g: GraphBuilder,
  x: FeatureMap,
  prefix: string,
  level: UnetLevel,
  config: UnetConfig,
  { contexts, repeat }: TransformerOptions,
): FeatureMap {
  const normal = groupNorm(g, x, `${prefix}.norm`, { groups: config.groups, epsilon: 1e-6 });
  // A convolution of 1×1 or a linear layer: the same product, and the same weights, on tokens.
  let tokens = linear(g, toTokens(g, normal), `${prefix}.proj_in`, level.channels, { bias: true });
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
      mostRows,
    );
    tokens = add(g, tokens, attended);
    if (repeat && depth === 0) tokens = repeatTokens(g, tokens, repeat.halves);
    tokens = { ...tokens, value: g.node('Add', [tokens.value, contexts.get(block) ?? '']) };
    tokens = add(g, tokens, feedForward(g, layerNorm(g, tokens, `${block}.norm3`), `${block}.ff`));
  }
  const out = toFeatureMap(g, linear(g, tokens, `${prefix}.proj_out`, x.channels, { bias: true }), x);
  return add(g, repeat ? repeat.map(x) : x, out);
}

/** Repeats tokens [batch, n, c] to [halves · batch, n, c]. */
function repeatTokens(g: GraphBuilder, tokens: Tokens, halves: Value): Tokens {
  const { length, channels } = tokens;
  const several = g.node('Reshape', [tokens.value, g.integers([1, -1, length, channels])]);
  const repeated = g.node('Add', [several, halves]);
  return { ...tokens, value: g.node('Reshape', [repeated, g.integers([-1, length, channels])]) };
}

/**
 * Scale of the GEGLU product that keeps it within float16; a power of two, so exact. The product grows with the square of
 * its inputs, and is the first value to overflow.
 */
const gatedScale = 1 / 16;

/** Feed-forward layer with a GELU gate (GEGLU, Shazeer 2020). */
function feedForward(g: GraphBuilder, x: Tokens, prefix: string): Tokens {
  const inner = 4 * x.channels;
  const gated = geglu(g, x, `${prefix}.net.0.proj`, inner);
  return linear(g, { ...x, value: gated, channels: inner }, `${prefix}.net.2`, x.channels, {
    bias: true,
    inputScale: 1 / gatedScale,
  });
}

/** Linear layer to twice `inner` channels, the first half of them multiplied by GELU of the second. */
function geglu(g: GraphBuilder, x: Tokens, prefix: string, inner: number): Value {
  const first = { channels: inner, scale: gatedScale };
  if (g.kernels.fusedLayers) {
    const { value } = linear(g, x, prefix, 2 * inner, { bias: false, first });
    return g.node('com.microsoft.BiasSplitGelu', [value, linearBias(g, prefix, 2 * inner, { first })]);
  }
  const { value } = linear(g, x, prefix, 2 * inner, { bias: true, first });
  const [hidden, gate] = g.split('Split', [value, g.integers([inner, inner])], 2, { axis: { int: 2 } });
  return g.node('Mul', [hidden ?? '', g.node('com.microsoft.Gelu', [gate ?? ''])]);
}

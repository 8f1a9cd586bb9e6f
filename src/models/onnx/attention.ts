import type { GraphBuilder, Value } from './builder.ts';
import { linear } from './layers.ts';
import type { Tokens } from './layers.ts';
import { joinParts, splitParts } from './parts.ts';

/** Tensor names of an attention layer's projections; `inputBias` if queries, keys and values have biases. */
export interface AttentionNames {
  readonly query: string;
  readonly key: string;
  readonly value: string;
  readonly out: string;
  readonly inputBias: boolean;
}

/**
 * Self-attention (Vaswani et al. 2017). Queries and keys are both scaled by d^(-1/4) in their packed weights: their
 * product has the usual 1/√d, and does not overflow float16 on the way.
 *
 * @param rows Maximum batch size that slices are planned for.
 */
export function selfAttention(
  g: GraphBuilder,
  x: Tokens,
  names: AttentionNames,
  heads: number,
  rows: number,
  widestFusedHead = g.kernels.widestFusedHead,
): Tokens {
  const scale = (x.channels / heads) ** -0.25;
  const project = (name: string, factor: number) =>
    linear(g, x, name, x.channels, { bias: names.inputBias, scale: factor }).value;
  const projected = [
    project(names.query, scale),
    project(names.key, scale),
    project(names.value, 1),
  ] as const;
  const whole = rows * heads * x.length ** 2 * (g.type === 'float16' ? 2 : 4);
  const attended =
    x.channels / heads <= widestFusedHead
      ? g.node('com.microsoft.MultiHeadAttention', projected, { num_heads: { int: heads }, scale: 1 })
      : spelledAttention(g, x, projected, heads, Math.ceil(whole / g.kernels.scoreBytes));
  return linear(g, { ...x, value: attended }, names.out, x.channels, { bias: true });
}

/** Attention by matrix products and a softmax, in `slices` slices of the queries. */
function spelledAttention(
  g: GraphBuilder,
  { length, channels }: Tokens,
  [query, key, value]: readonly [Value, Value, Value],
  heads: number,
  slices: number,
): Value {
  const attend = (queries: Value, turnedKey: Value, v: Value, axis: number) => {
    const attended = splitParts(g, queries, slicesOf(length, slices), axis).map((q) =>
      g.node('MatMul', [g.node('Softmax', [g.node('MatMul', [q, turnedKey])], { axis: { int: -1 } }), v]),
    );
    return joinParts(g, attended, axis);
  };
  if (heads === 1) return attend(query, g.node('Transpose', [key], { perm: [0, 2, 1] }), value, 1);
  // [batch, length, heads · d] to one matrix per head.
  const parted = (tokens: Value, perm: readonly number[]) =>
    g.node('Transpose', [g.node('Reshape', [tokens, g.integers([0, length, heads, channels / heads])])], {
      perm,
    });
  const attended = attend(
    parted(query, [0, 2, 1, 3]),
    parted(key, [0, 2, 3, 1]),
    parted(value, [0, 2, 1, 3]),
    2,
  );
  const joined = g.node('Transpose', [attended], { perm: [0, 2, 1, 3] });
  return g.node('Reshape', [joined, g.integers([0, length, channels])]);
}

/** Splits `length` into slices of nearly equal length. */
function slicesOf(length: number, slices: number): number[] {
  const count = Math.min(Math.max(slices, 1), length);
  return Array.from(
    { length: count },
    (_, index) => Math.floor(((index + 1) * length) / count) - Math.floor((index * length) / count),
  );
}

/** Result of `withFloat32Sums` for a shader. */
export type SumsResult =
  /** Unchanged: uses no float16, or does not accumulate. */
  | 'none'
  /** Unchanged: accumulates in float32 already. */
  | 'float32'
  /** Rewritten to accumulate in float32. */
  | 'widened'
  /** Unchanged: accumulates or is not known, and no rule matches. */
  | 'unknown';

/** Rewrites a kernel; null if the kernel does not have the expected form. */
type Rule = (wgsl: string) => string | null;

/** A pattern that must occur, and the replacement for all its occurrences. */
type Edit = readonly [pattern: RegExp, replacement: string];

/** Applies all edits; null if one of them does not match. */
function edited(wgsl: string, edits: readonly Edit[]): string | null {
  let result = wgsl;
  for (const [pattern, replacement] of edits) {
    if (!pattern.test(result)) return null;
    result = result.replace(new RegExp(pattern, 'g'), replacement);
  }
  return result;
}

/** True if every line that uses `variable` matches one of `lines`: unknown uses would not compile after the edits. */
function usedOnlyIn(wgsl: string, variable: string, lines: readonly RegExp[]): boolean {
  const use = new RegExp(`\\b${variable}\\b`);
  return wgsl.split('\n').every((line) => !use.test(line) || lines.some((known) => known.test(line)));
}

/** Tiled matrix product in workgroup memory, four columns per thread: accumulators are vec4. */
const tiledByFour: Rule = (wgsl) => {
  const element = /var acc: array<vec4<(\w+)>, rowPerThread>;/.exec(wgsl)?.[1];
  const wide = /var<workgroup> mm_Asub: array<array<(vec[34])</.exec(wgsl)?.[1];
  if (element === undefined || wide === undefined) return null;
  const known = [
    /var acc: /,
    /^\s*acc\[i\] = BCached\d \* ACached\.[xyzw] \+ acc\[i\];$/,
    /^\s*acc\[i\]\.[xyzw] \+= dot\(ACached, BCached\d\);$/,
    /^\s*acc\[innerRow\] = output_element_t\(uniforms\.alpha\) \* acc\[innerRow\];$/,
    /^\s*mm_write\(.*, acc\[innerRow\]\);$/,
  ];
  if (!usedOnlyIn(wgsl, 'acc', known)) return null;
  return (
    edited(wgsl, [
      [/var acc: array<vec4<\w+>, rowPerThread>;/, 'var acc: array<vec4<f32>, rowPerThread>;'],
      [/let (BCached\d) = +(mm_Bsub\[.*\]);/, 'let $1 = vec4<f32>($2);'],
      [/let ACached = (mm_Asub\[.*\]);/, `let ACached = ${wide}<f32>($1);`],
      [/(mm_write\(.*), acc\[innerRow\]\);/, `$1, vec4<${element}>(acc[innerRow]));`],
    ])?.replaceAll('output_element_t(uniforms.alpha) * acc', 'f32(uniforms.alpha) * acc') ?? null
  );
};

/** Tiled matrix product for sizes not divisible by four: accumulators are scalars. */
const tiledByOne: Rule = (wgsl) => {
  const element = /var acc: array<array<(\w+), colPerThread>, rowPerThread>;/.exec(wgsl)?.[1];
  if (element === undefined) return null;
  const known = [
    /var acc: /,
    /^\s*acc\[innerRow\]\[innerCol\] = acc\[innerRow\]\[innerCol\] \+ ACached \* BCached\[innerCol\];$/,
    /^\s*acc\[innerRow\]\[innerCol\] = output_element_t\(uniforms\.alpha\) \* acc\[innerRow\]\[innerCol\];$/,
    /^\s*mm_write\(.*, acc\[innerRow\]\[innerCol\]\);$/,
  ];
  if (!usedOnlyIn(wgsl, 'acc', known)) return null;
  return (
    edited(wgsl, [
      [/var acc: array<array<\w+, colPerThread>/, 'var acc: array<array<f32, colPerThread>'],
      [/var BCached: array<\w+, colPerThread>;/, 'var BCached: array<f32, colPerThread>;'],
      [/BCached\[inner\] = (mm_Bsub\[.*\]);/, 'BCached[inner] = f32($1);'],
      [/let ACached = (mm_Asub\[.*\]);/, 'let ACached = f32($1);'],
      [/(mm_write\(.*), acc\[innerRow\]\[innerCol\]\);/, `$1, ${element}(acc[innerRow][innerCol]));`],
    ])?.replaceAll('output_element_t(uniforms.alpha) * acc', 'f32(uniforms.alpha) * acc') ?? null
  );
};

const tiled: Rule = (wgsl) => tiledByFour(wgsl) ?? tiledByOne(wgsl);

/** The float32 counterpart of the type behind a float16 alias. */
function wideAlias(wgsl: string, alias: string): string | null {
  const type = new RegExp(`alias ${alias} = (f16|vec[234]<f16>);`).exec(wgsl)?.[1];
  return type?.replace('f16', 'f32') ?? null;
}

/** Product of small matrices, one block of results per thread. */
const naiveProduct: Rule = (wgsl) => {
  const wide = wideAlias(wgsl, 'output_value_t');
  const known = [
    /var values: array<output_value_t, \d>;/,
    /= fma\(b_value_t\(/,
    /^\s*var value = values\[i\];$/,
  ];
  if (wide === null || !usedOnlyIn(wgsl, 'values', known)) return null;
  return edited(wgsl, [
    [/var values: array<output_value_t, /, `var values: array<${wide}, `],
    [/fma\(b_value_t\((a_data(?:\[\d\])?)\), (b_data\d), /, `fma(${wide}(f32($1)), ${wide}($2), `],
    [/var value = values\[i\];/, 'var value = output_value_t(values[i]);'],
  ]);
};

/** Softmax: float32 from load to store. */
const softmax: Rule = (wgsl) => {
  const wide = wideAlias(wgsl, 'x_value_t');
  if (wide === null) return null;
  return edited(wgsl, [
    [/alias x_value_t = [^;]+;/, `alias x_value_t = ${wide};`],
    [/alias x_element_t = f16;/, 'alias x_element_t = f32;'],
    [/return x\[index\];/, 'return x_value_t(x[index]);'],
    [/result\[index\] = value;/, `result[index] = ${wide.replace('f32', 'f16')}(value);`],
  ]);
};

/** Fused attention: scores and their sum are float32 already; the weighted sum of values is not. */
const flashAttention: Rule = (wgsl) => {
  if (!/alias qk_precision = f32;/.test(wgsl) || !/alias q_value_t = vec4<f16>;/.test(wgsl)) return null;
  const output = edited(wgsl, [
    [
      /var<private> o_tile : array<q_value_t, head_size_vec>;/,
      'var<private> o_tile : array<vec4<f32>, head_size_vec>;',
    ],
    [/= o_tile\[idx\];/, '= q_value_t(o_tile[idx]);'],
    [/let o_ratio = q_element_t\((.*)\);/, 'let o_ratio = $1;'],
  ]);
  return output === null ? null : (weightedBySubgroups(output) ?? weightedByOne(output));
};

/** Weighted sum of fused attention where invocations share the values by subgroups. */
const weightedBySubgroups: Rule = (wgsl) =>
  edited(wgsl, [
    [/let (qk_\d)_value = q_value_t\(\1\);/, 'let $1_value = $1;'],
    [/= (fetchVTile\(\d+, i, val\)) \*/, '= vec4<f32>($1) *'],
  ]);

/** Weighted sum of fused attention on devices without subgroups. */
const weightedByOne: Rule = (wgsl) =>
  edited(wgsl, [
    [/var acc = q_value_t\(0\);/, 'var acc = vec4<f32>(0);'],
    [/acc \+= (v_tile\[k\]\[i\]) \* q_element_t\((qk_scores\[k\])\);/, 'acc += vec4<f32>($1) * $2;'],
    [/= o_tile\[i\] \* q_element_t\(o_ratio\) \+ acc;/, '= o_tile[i] * o_ratio + acc;'],
  ]);

/** First of two kernels of fused attention for few queries: weighted sum of the values of one tile of keys. */
const decodeAttention: Rule = (wgsl) =>
  /alias q_value_t = vec4<f16>;/.test(wgsl)
    ? edited(wgsl, [
        [
          /var<workgroup> tile_output: array<array<q_value_t, /,
          'var<workgroup> tile_output: array<array<vec4<f32>, ',
        ],
        [
          /var<workgroup> qkv_values: array<array<array<q_value_t, /,
          'var<workgroup> qkv_values: array<array<array<vec4<f32>, ',
        ],
        [/(qkv_values\[.*\]) = q_value_t\(0\);/, '$1 = vec4<f32>(0);'],
        [/v_data \* q_element_t\((.*)\);/, 'vec4<f32>(v_data) * $1;'],
        [/=tile_output\[m\]\[i\];/, '=q_value_t(tile_output[m][i]);'],
      ])
    : null;

/** Second of two kernels of fused attention for few queries: sum over the tiles. */
const decodeAttentionSum: Rule = (wgsl) =>
  /alias output_value_t = vec4<f16>;/.test(wgsl)
    ? edited(wgsl, [
        [
          /var<workgroup> tile_input: array<array<output_value_t, /,
          'var<workgroup> tile_input: array<array<vec4<f32>, ',
        ],
        [/value = output_value_t\(0\);/, 'value = vec4<f32>(0);'],
        [
          /value \+= (input\[.*\]) \* output_value_t\(output_element_t\((\w+)\)\);/,
          'value += vec4<f32>($1) * $2;',
        ],
        [/output\[output_id\]=value;/, 'output[output_id]=output_value_t(value);'],
      ])
    : null;

/** Kernels that accumulate in float16, by ONNX Runtime's shader labels. */
const rules: ReadonlyMap<string, Rule> = new Map([
  ['Conv2dMM', tiled],
  ['MatMul', tiled],
  ['Gemm', tiled],
  ['MatMulNaive', naiveProduct],
  ['Softmax', softmax],
  ['FlashAttention', flashAttention],
  ['FlashAttentionDecodeQKV', decodeAttention],
  ['FlashAttentionDecodeVxReduce', decodeAttentionSum],
]);

/** Kernels that accumulate in float32 already, and the pattern that proves it. */
const inFloat32: ReadonlyMap<string, RegExp> = new Map([
  ['GroupNormStats', /var<workgroup> workgroup_shared_sum : array<f32_val_t, /],
  ['LayerNorm', /var<workgroup> sum_shared : array<f32_val_t, /],
]);

/** Kernels whose outputs depend on a few values each. */
const withoutSums: ReadonlySet<string> = new Set([
  ...[
    'Add',
    'Sub',
    'Mul',
    'Div',
    'Pow',
    'Sqrt',
    'Sigmoid',
    'Erf',
    'Gelu',
    'QuickGelu',
    'Cast',
    'Where',
    'Equal',
  ],
  ...['Transpose', 'Split', 'Concat', 'Slice', 'Gather', 'Expand', 'Pad', 'ResizeNearest2D', 'CopyKVCache'],
  'GroupNormApply',
  'BiasSplitGelu',
]);

/** Names of Drift's own kernels, which accumulate in float32. */
const own = /^[a-z_]+$/;

/**
 * Rewrites ONNX Runtime 1.31 shaders that accumulate in float16 (products, convolutions, softmax, attention) to
 * accumulate in float32. Tensor types stay; operands are converted when loaded, and the sum when stored.
 *
 * A float16 sum of a few hundred terms loses up to three of its eleven bits, and overflows if it passes 65,504 on the way,
 * even if the result would be finite. ONNX Runtime keeps such sums for speed (its issues 22983, 26080).
 *
 * @param label Shader label, which ONNX Runtime sets to the kernel's name.
 */
export function withFloat32Sums(
  label: string,
  wgsl: string,
): { readonly wgsl: string; readonly sums: SumsResult } {
  if (!/\bf16\b/.test(wgsl.replace('enable f16;', '')) || own.test(label)) return { wgsl, sums: 'none' };
  const rule = rules.get(label);
  if (rule) {
    const widened = rule(wgsl);
    return widened === null ? { wgsl, sums: 'unknown' } : { wgsl: widened, sums: 'widened' };
  }
  const sign = inFloat32.get(label);
  if (sign) return { wgsl, sums: sign.test(wgsl) ? 'float32' : 'unknown' };
  return { wgsl, sums: withoutSums.has(label) ? 'none' : 'unknown' };
}

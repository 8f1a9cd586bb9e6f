/** What became of the sums of a shader: see `withFloat32Sums`. */
export type Sums =
  /** Nothing to do: it has no float16, or is none of the kernels that sum. */
  | 'none'
  /** It sums in float32 by itself. */
  | 'float32'
  /** It summed in float16, and sums in float32 now. */
  | 'widened'
  /** It is a kernel that sums, or one that nobody has looked at, and no rule fits: it was left as it is. */
  | 'unknown';

/** Rewrites a kernel; null where the kernel is not written as the rule expects. */
type Rule = (wgsl: string) => string | null;

/** A pattern that has to be there, and what takes its place everywhere. */
type Edit = readonly [pattern: RegExp, replacement: string];

/** All edits, or null where one of them finds nothing. */
function edited(wgsl: string, edits: readonly Edit[]): string | null {
  let result = wgsl;
  for (const [pattern, replacement] of edits) {
    if (!pattern.test(result)) return null;
    result = result.replace(new RegExp(pattern, 'g'), replacement);
  }
  return result;
}

/** Whether every line that uses a variable is one of these: what is not known would not compile after the edits. */
function usedOnlyIn(wgsl: string, variable: string, lines: readonly RegExp[]): boolean {
  const use = new RegExp(`\\b${variable}\\b`);
  return wgsl.split('\n').every((line) => !use.test(line) || lines.some((known) => known.test(line)));
}

/** Products by tiles in workgroup memory, four columns a thread: every sum is a vec4. */
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

/** The same where sizes are not divisible by four: every sum is one number. */
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

/** The float32 type as wide as the one that a float16 alias stands for. */
function wideAlias(wgsl: string, alias: string): string | null {
  const type = new RegExp(`alias ${alias} = (f16|vec[234]<f16>);`).exec(wgsl)?.[1];
  return type?.replace('f16', 'f32') ?? null;
}

/** Products of small matrices, one block of results a thread. */
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

/** Softmax: all of it in float32, between reading a value and writing one. */
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

/** Fused attention: scores and their sum are float32 already, the weighted sum of the values is not. */
const flashAttention: Rule = (wgsl) =>
  /alias qk_precision = f32;/.test(wgsl) && /alias q_value_t = vec4<f16>;/.test(wgsl)
    ? edited(wgsl, [
        [
          /var<private> o_tile : array<q_value_t, head_size_vec>;/,
          'var<private> o_tile : array<vec4<f32>, head_size_vec>;',
        ],
        [/= o_tile\[idx\];/, '= q_value_t(o_tile[idx]);'],
        [/let o_ratio = q_element_t\((.*)\);/, 'let o_ratio = $1;'],
        [/let (qk_\d)_value = q_value_t\(\1\);/, 'let $1_value = $1;'],
        [/= (fetchVTile\(\d+, i, val\)) \*/, '= vec4<f32>($1) *'],
      ])
    : null;

/** Fused attention for few queries, in two kernels: the weighted sum of the values of one tile of keys … */
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

/** … and the sum over the tiles. */
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

/** Kernels that sum in float16, by the names that ONNX Runtime labels their shaders with. */
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

/** Kernels that sum in float32 by themselves, and how that is seen. */
const inFloat32: ReadonlyMap<string, RegExp> = new Map([
  ['ComputeChannelScaleShift', /var<workgroup> workgroup_shared_sum : array<f32_val_t, /],
  ['LayerNorm', /var<workgroup> sum_shared : array<f32_val_t, /],
]);

/** Kernels that make each value of a few others. */
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
  'InstanceNorm',
]);

/** Drift's kernels, which are named like their files and sum in float32. */
const own = /^[a-z_]+$/;

/**
 * The same shader with sums in float32 where ONNX Runtime (1.30) adds in float16: products, convolutions, softmax and
 * attention. Tensors stay as they are; what is added is widened where it is read and the sum narrowed where it is
 * written.
 *
 * A float16 sum of a few hundred terms has lost as much as three of its eleven bits, and one that passes 65,504 on the
 * way is infinite although its end would not be. ONNX Runtime keeps such sums for their speed (its issues 22983, 26080).
 *
 * @param label - the shader's, which ONNX Runtime sets to the name of its kernel
 */
export function withFloat32Sums(label: string, wgsl: string): { readonly wgsl: string; readonly sums: Sums } {
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

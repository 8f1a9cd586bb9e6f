import type { GraphBuilder, Value } from './builder.ts';
import type { WeightChange } from './weights.ts';

/** Feature map in the graph: [batch, channels, height, width], with only the batch open. */
export interface FeatureMap {
  readonly value: Value;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** Token sequences in the graph: [batch, length, channels]. */
export interface Tokens {
  readonly value: Value;
  readonly length: number;
  readonly channels: number;
}

const at = (prefix: string, name: string) => (prefix === '' ? name : `${prefix}.${name}`);

/** Weight with one value for each channel. */
function channelWeight(
  g: GraphBuilder,
  prefix: string,
  name: string,
  channels: number,
  change: WeightChange = {},
): Value {
  const tensor = at(prefix, name);
  return g.weight(tensor, [channels], [{ tensor, dims: [channels] }], change);
}

/** SiLU, x · sigmoid(x), as one node: QuickGelu is x · sigmoid(alpha · x). */
export function silu(g: GraphBuilder, value: Value): Value {
  return g.node('com.microsoft.QuickGelu', [value], { alpha: 1 });
}

export interface ConvOptions {
  readonly kernel?: number;
  readonly stride?: number;
  /** Zero padding at top, left, bottom, right; `same` keeps the size with stride 1. */
  readonly padding?: 'same' | readonly [number, number, number, number];
  /** Factor on the weights but not on the bias, equivalent to scaling the input. */
  readonly inputScale?: number;
  /** Value [out] instead of the bias under `prefix`. */
  readonly bias?: Value;
}

/** Convolution with bias; weights [out, in, k, k] under `prefix`. */
export function conv(
  g: GraphBuilder,
  x: FeatureMap,
  prefix: string,
  channels: number,
  options: ConvOptions = {},
): FeatureMap {
  const { kernel = 3, stride = 1, padding = 'same', inputScale = 1 } = options;
  const half = (kernel - 1) / 2;
  const pads = padding === 'same' ? ([half, half, half, half] as const) : padding;
  const dims = [channels, x.channels, kernel, kernel];
  const weight = g.weight(at(prefix, 'weight'), dims, [{ tensor: at(prefix, 'weight'), dims }], {
    scale: inputScale,
  });
  const bias = options.bias ?? channelWeight(g, prefix, 'bias', channels);
  return {
    value: g.node('Conv', [x.value, weight, bias], {
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      pads,
    }),
    channels,
    height: Math.floor((x.height + pads[0] + pads[2] - kernel) / stride) + 1,
    width: Math.floor((x.width + pads[1] + pads[3] - kernel) / stride) + 1,
  };
}

/** Replaces an epsilon of 0, which would divide zero by zero in a group of zeros. */
const smallestEpsilon = 1e-12;

export interface GroupNormOptions {
  readonly groups: number;
  readonly epsilon: number;
  /** Whether SiLU follows. */
  readonly silu?: boolean;
}

/** Group normalisation (Wu & He 2018), followed by SiLU if that is asked for. */
export function groupNorm(
  g: GraphBuilder,
  x: FeatureMap,
  prefix: string,
  { groups, epsilon, silu: activated = false }: GroupNormOptions,
): FeatureMap {
  const usable = Math.max(epsilon, smallestEpsilon);
  if (!g.kernels.fusedLayers) {
    const normal = spelledGroupNorm(g, x, prefix, groups, usable);
    return { ...x, value: activated ? silu(g, normal) : normal };
  }
  // The channels are last, as ONNX Runtime has them around convolutions on the GPU, so that it can cancel the transpositions.
  const turned = g.node('Transpose', [x.value], { perm: [0, 2, 3, 1] });
  const parameters = ['weight', 'bias'].map((name) => channelWeight(g, prefix, name, x.channels));
  const normal = g.node('com.microsoft.GroupNorm', [turned, ...parameters], {
    epsilon: usable,
    groups: { int: groups },
    activation: { int: activated ? 1 : 0 },
    channels_last: { int: 1 },
  });
  return { ...x, value: g.node('Transpose', [normal], { perm: [0, 3, 1, 2] }) };
}

/** Group normalisation as instance normalisation over [batch, groups, rest], then the channels' scale and shift. */
function spelledGroupNorm(
  g: GraphBuilder,
  x: FeatureMap,
  prefix: string,
  groups: number,
  epsilon: number,
): Value {
  const grouped = g.node('Reshape', [x.value, g.integers([0, groups, -1])]);
  const normal = g.node('InstanceNormalization', [grouped, g.filled(1, groups), g.filled(0, groups)], {
    epsilon,
  });
  return g.node(
    'BatchNormalization',
    [
      g.node('Reshape', [normal, g.integers([0, x.channels, x.height, x.width])]),
      ...['weight', 'bias'].map((name) => channelWeight(g, prefix, name, x.channels)),
      g.filled(0, x.channels),
      g.filled(1, x.channels),
    ],
    { epsilon: 0 },
  );
}

/** Layer normalisation over the channels of each token. */
export function layerNorm(g: GraphBuilder, x: Tokens, prefix: string): Tokens {
  const parameters = ['weight', 'bias'].map((name) => channelWeight(g, prefix, name, x.channels));
  return {
    ...x,
    value: g.node('LayerNormalization', [x.value, ...parameters], {
      axis: { int: -1 },
      epsilon: 1e-5,
    }),
  };
}

export interface LinearOptions {
  readonly bias: boolean;
  /** Factor on weights and bias, equivalent to scaling the output. */
  readonly scale?: number;
  /** Another such factor, on the first channels of the output. */
  readonly first?: { readonly channels: number; readonly scale: number };
  /** Factor on the weights but not on the bias, equivalent to scaling the input. */
  readonly inputScale?: number;
}

const firstRows = ({ first }: Pick<LinearOptions, 'first'>) =>
  first && { first: { rows: first.channels, scale: first.scale } };

/** Bias [channels] of a linear layer. */
export function linearBias(
  g: GraphBuilder,
  prefix: string,
  channels: number,
  options: Pick<LinearOptions, 'scale' | 'first'>,
): Value {
  return channelWeight(g, prefix, 'bias', channels, { scale: options.scale ?? 1, ...firstRows(options) });
}

/** Linear layer on tokens; PyTorch's [out, in] weight is packed transposed. */
export function linear(
  g: GraphBuilder,
  x: Tokens,
  prefix: string,
  channels: number,
  options: LinearOptions,
): Tokens {
  const { scale = 1, inputScale = 1 } = options;
  const weight = g.weight(
    at(prefix, 'weight'),
    [x.channels, channels],
    [{ tensor: at(prefix, 'weight'), dims: [channels, x.channels] }],
    { transpose: true, scale: scale * inputScale, ...firstRows(options) },
  );
  const { length } = x;
  if (!options.bias) return { value: g.node('MatMul', [x.value, weight]), length, channels };
  const bias = linearBias(g, prefix, channels, options);
  // Gemm adds the bias itself, which a product of three dimensions cannot; reshaping costs nothing.
  const rows = g.node('Reshape', [x.value, g.integers([-1, x.channels])]);
  const product = g.node('Gemm', [rows, weight, bias]);
  return { value: g.node('Reshape', [product, g.integers([-1, length, channels])]), length, channels };
}

/**
 * Converts [batch, channels, height, width] to [batch, height · width, channels]. Transposes all four dimensions, as ONNX
 * Runtime does around convolutions, so that it can cancel the two.
 */
export function toTokens(g: GraphBuilder, x: FeatureMap): Tokens {
  const length = x.height * x.width;
  const turned = g.node('Transpose', [x.value], { perm: [0, 2, 3, 1] });
  return {
    value: g.node('Reshape', [turned, g.integers([0, length, x.channels])]),
    length,
    channels: x.channels,
  };
}

/** Inverse of `toTokens`, for a map of this size. */
export function toFeatureMap(
  g: GraphBuilder,
  x: Tokens,
  size: { height: number; width: number },
): FeatureMap {
  const rows = g.node('Reshape', [x.value, g.integers([0, size.height, size.width, x.channels])]);
  return {
    value: g.node('Transpose', [rows], { perm: [0, 3, 1, 2] }),
    channels: x.channels,
    height: size.height,
    width: size.width,
  };
}

/** Sum of two values of the same shape. */
export function add<T extends FeatureMap | Tokens>(g: GraphBuilder, a: T, b: T): T {
  return { ...a, value: g.node('Add', [a.value, b.value]) };
}

/** Nearest-neighbour upsampling, like `torch.nn.functional.interpolate`. */
export function upsample(
  g: GraphBuilder,
  x: FeatureMap,
  size: { height: number; width: number },
): FeatureMap {
  const doubled = size.height === 2 * x.height && size.width === 2 * x.width;
  const mode = { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' };
  return {
    // Sizes are exact for odd targets, where a factor could be off by one pixel; a factor leaves the batch open.
    value: doubled
      ? g.node('Resize', [x.value, '', g.floats([1, 1, 2, 2])], mode)
      : g.node('Resize', [x.value, '', '', g.integers([size.height, size.width])], { ...mode, axes: [2, 3] }),
    channels: x.channels,
    ...size,
  };
}

export interface ResnetOptions {
  readonly channels: number;
  readonly groups: number;
  readonly epsilon: number;
  /** Bias [channels] of the first convolution, with the timestep vector added; default: the bias alone. */
  readonly firstBias?: Value;
}

/** diffusers' ResnetBlock2D: twice norm, SiLU, convolution; 1×1 convolution on the shortcut if the channels change. */
export function resnet(g: GraphBuilder, x: FeatureMap, prefix: string, options: ResnetOptions): FeatureMap {
  const { channels, groups, epsilon, firstBias } = options;
  const normed = (map: FeatureMap, name: string) =>
    groupNorm(g, map, at(prefix, name), { groups, epsilon, silu: true });
  let hidden = conv(
    g,
    normed(x, 'norm1'),
    at(prefix, 'conv1'),
    channels,
    firstBias === undefined ? {} : { bias: firstBias },
  );
  hidden = conv(g, normed(hidden, 'norm2'), at(prefix, 'conv2'), channels);
  const shortcut =
    x.channels === channels ? x : conv(g, x, at(prefix, 'conv_shortcut'), channels, { kernel: 1 });
  return add(g, shortcut, hidden);
}

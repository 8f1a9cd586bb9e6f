import type { Parameters } from './parameters.ts';

/**
 * Reference implementation of diffusers' layers: plain loops in float64, one picture at a time, following the textbook
 * formulas. Slow, and independent of Drift's compiler.
 */

/** Feature map of one picture: `data` is [channels, height, width]. */
export interface Plane {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly data: Float64Array;
}

/** Sequence of vectors: `data` is [length, channels]. */
export interface Sequence {
  readonly length: number;
  readonly channels: number;
  readonly data: Float64Array;
}

export type OnPlane = (x: Plane) => Plane;
export type OnSequence = (x: Sequence) => Sequence;

/** NaN outside the array, so that an index error shows in every result. */
const at = (values: Float64Array, index: number): number => values[index] ?? NaN;

const silu = (x: number) => x / (1 + Math.exp(-x));

/** Error function by its Taylor series, for small arguments. Accurate to about 1e-15 up to 3, 1e-12 up to 5. */
function erf(x: number): number {
  if (Math.abs(x) > 5) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

/** GELU, exact. */
export const gelu = (x: number) => 0.5 * x * (1 + erf(x / Math.SQRT2));

export function mapPlane(x: Plane, change: (value: number) => number): Plane {
  return { ...x, data: x.data.map(change) };
}

export function addPlanes(a: Plane, b: Plane): Plane {
  return { ...a, data: a.data.map((value, index) => value + at(b.data, index)) };
}

function addSequences(a: Sequence, b: Sequence): Sequence {
  return { ...a, data: a.data.map((value, index) => value + at(b.data, index)) };
}

/** Concatenates two feature maps along the channels. */
export function concatPlanes(a: Plane, b: Plane): Plane {
  const data = new Float64Array(a.data.length + b.data.length);
  data.set(a.data);
  data.set(b.data, a.data.length);
  return { ...a, channels: a.channels + b.channels, data };
}

/** Convolution; `padding` is the number of zero rows and columns at top, left, bottom, right. */
export function conv(
  p: Parameters,
  name: string,
  from: number,
  to: number,
  kernel: number,
  stride = 1,
  padding: readonly [number, number, number, number] = [
    (kernel - 1) / 2,
    (kernel - 1) / 2,
    (kernel - 1) / 2,
    (kernel - 1) / 2,
  ],
): OnPlane {
  const weight = p.declare(`${name}.weight`, [to, from, kernel, kernel]);
  const bias = p.declare(`${name}.bias`, [to]);
  const [top, left, bottom, right] = padding;
  return (x) => {
    const height = Math.floor((x.height + top + bottom - kernel) / stride) + 1;
    const width = Math.floor((x.width + left + right - kernel) / stride) + 1;
    const w = weight();
    const b = bias();
    const area = height * width;
    const data = new Float64Array(to * area);
    for (let o = 0; o < to; o++) {
      const sums = data.subarray(o * area, (o + 1) * area).fill(at(b, o));
      // The kernel loops are outside, so that memory is read in order: kernels may be large.
      for (let i = 0; i < from; i++) {
        for (let ky = 0; ky < kernel; ky++) {
          for (let kx = 0; kx < kernel; kx++) {
            const factor = at(w, ((o * from + i) * kernel + ky) * kernel + kx);
            for (let row = 0; row < height; row++) {
              const y = row * stride + ky - top;
              if (y < 0 || y >= x.height) continue;
              for (let column = 0; column < width; column++) {
                const z = column * stride + kx - left;
                if (z < 0 || z >= x.width) continue;
                const pixel = at(x.data, (i * x.height + y) * x.width + z);
                sums[row * width + column] = at(sums, row * width + column) + factor * pixel;
              }
            }
          }
        }
      }
    }
    return { channels: to, height, width, data };
  };
}

/** Group normalisation: each group of channels is normalised to mean 0 and variance 1. */
export function groupNorm(
  p: Parameters,
  name: string,
  channels: number,
  groups: number,
  epsilon: number,
): OnPlane {
  const weight = p.declare(`${name}.weight`, [channels]);
  const bias = p.declare(`${name}.bias`, [channels]);
  return (x) => {
    const plane = x.height * x.width;
    const size = (channels / groups) * plane;
    const w = weight();
    const b = bias();
    const data = new Float64Array(x.data.length);
    for (let group = 0; group < groups; group++) {
      const values = x.data.subarray(group * size, (group + 1) * size);
      const mean = values.reduce((a, b) => a + b, 0) / size;
      const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / size;
      for (const [index, value] of values.entries()) {
        const position = group * size + index;
        const channel = Math.floor(position / plane);
        data[position] = ((value - mean) / Math.sqrt(variance + epsilon)) * at(w, channel) + at(b, channel);
      }
    }
    return { ...x, data };
  };
}

/** Layer normalisation of each vector. */
export function layerNorm(p: Parameters, name: string, channels: number): OnSequence {
  const weight = p.declare(`${name}.weight`, [channels]);
  const bias = p.declare(`${name}.bias`, [channels]);
  return (x) => {
    const w = weight();
    const b = bias();
    const data = new Float64Array(x.data.length);
    for (let token = 0; token < x.length; token++) {
      const values = x.data.subarray(token * channels, (token + 1) * channels);
      const mean = values.reduce((a, b) => a + b, 0) / channels;
      const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / channels;
      for (const [index, value] of values.entries()) {
        data[token * channels + index] =
          ((value - mean) / Math.sqrt(variance + 1e-5)) * at(w, index) + at(b, index);
      }
    }
    return { ...x, data };
  };
}

/** Linear layer on each vector. */
export function linear(p: Parameters, name: string, from: number, to: number, biased = true): OnSequence {
  const weight = p.declare(`${name}.weight`, [to, from]);
  const bias = biased ? p.declare(`${name}.bias`, [to]) : null;
  return (x) => {
    const w = weight();
    const b = bias?.();
    const data = new Float64Array(x.length * to);
    for (let token = 0; token < x.length; token++) {
      for (let o = 0; o < to; o++) {
        let sum = b ? at(b, o) : 0;
        for (let i = 0; i < from; i++) sum += at(w, o * from + i) * at(x.data, token * from + i);
        data[token * to + o] = sum;
      }
    }
    return { length: x.length, channels: to, data };
  };
}

/** Names of the projections of an attention layer. */
export interface ProjectionNames {
  readonly query: string;
  readonly key: string;
  readonly value: string;
  readonly out: string;
}

const newNames: ProjectionNames = { query: 'to_q', key: 'to_k', value: 'to_v', out: 'to_out.0' };

/** Multi-head attention of `x` on `context`: softmax(q·kᵀ/√d)·v per head, then an output projection. */
export function attention(
  p: Parameters,
  name: string,
  channels: number,
  contextChannels: number,
  heads: number,
  biased: boolean,
  names = newNames,
): (x: Sequence, context: Sequence) => Sequence {
  const toQuery = linear(p, `${name}.${names.query}`, channels, channels, biased);
  const toKey = linear(p, `${name}.${names.key}`, contextChannels, channels, biased);
  const toValue = linear(p, `${name}.${names.value}`, contextChannels, channels, biased);
  const toOut = linear(p, `${name}.${names.out}`, channels, channels);
  const size = channels / heads;
  return (x, context) => {
    const query = toQuery(x);
    const key = toKey(context);
    const value = toValue(context);
    const data = new Float64Array(x.length * channels);
    for (let head = 0; head < heads; head++) {
      for (let token = 0; token < x.length; token++) {
        const scores = Float64Array.from({ length: context.length }, (_, other) => {
          let dot = 0;
          for (let i = head * size; i < (head + 1) * size; i++) {
            dot += at(query.data, token * channels + i) * at(key.data, other * channels + i);
          }
          return dot / Math.sqrt(size);
        });
        p.onActivations('logits', scores);
        const largest = Math.max(...scores);
        const weights = scores.map((score) => Math.exp(score - largest));
        const total = weights.reduce((a, b) => a + b, 0);
        for (let i = head * size; i < (head + 1) * size; i++) {
          let sum = 0;
          for (const [other, weight] of weights.entries()) {
            sum += (weight / total) * at(value.data, other * channels + i);
          }
          data[token * channels + i] = sum;
        }
      }
    }
    return toOut({ length: x.length, channels, data });
  };
}

/** Reshapes a feature map to a sequence of pixels. */
export function toSequence({ channels, height, width, data }: Plane): Sequence {
  const length = height * width;
  const out = new Float64Array(data.length);
  for (let c = 0; c < channels; c++) {
    for (let pixel = 0; pixel < length; pixel++) out[pixel * channels + c] = at(data, c * length + pixel);
  }
  return { length, channels, data: out };
}

/** The inverse of `toSequence`. */
export function toPlane(
  { channels, length, data }: Sequence,
  { height, width }: { readonly height: number; readonly width: number },
): Plane {
  const out = new Float64Array(data.length);
  for (let c = 0; c < channels; c++) {
    for (let pixel = 0; pixel < length; pixel++) out[c * length + pixel] = at(data, pixel * channels + c);
  }
  return { channels, height, width, data: out };
}

/** `BasicTransformerBlock`: self-attention, cross-attention, gated feed-forward layer. */
function transformerBlock(p: Parameters, name: string, channels: number, width: number, heads: number) {
  const norm1 = layerNorm(p, `${name}.norm1`, channels);
  const attn1 = attention(p, `${name}.attn1`, channels, channels, heads, false);
  const norm2 = layerNorm(p, `${name}.norm2`, channels);
  const attn2 = attention(p, `${name}.attn2`, channels, width, heads, false);
  const norm3 = layerNorm(p, `${name}.norm3`, channels);
  const project = linear(p, `${name}.ff.net.0.proj`, channels, 8 * channels);
  const out = linear(p, `${name}.ff.net.2`, 4 * channels, channels);
  return (x: Sequence, context: Sequence): Sequence => {
    const itself = norm1(x);
    let hidden = addSequences(x, attn1(itself, itself));
    hidden = addSequences(hidden, attn2(norm2(hidden), context));
    const wide = project(norm3(hidden));
    const inner = 4 * channels;
    const gated = Float64Array.from({ length: x.length * inner }, (_, index) => {
      const row = Math.floor(index / inner) * 2 * inner;
      return at(wide.data, row + (index % inner)) * gelu(at(wide.data, row + inner + (index % inner)));
    });
    const after = addSequences(hidden, out({ length: x.length, channels: inner, data: gated }));
    p.onActivations('stream', after.data);
    return after;
  };
}

/** `Transformer2DModel`. */
export function transformer(
  p: Parameters,
  name: string,
  channels: number,
  width: number,
  options: {
    readonly heads: number;
    readonly layers: number;
    readonly groups: number;
    readonly linearProjection: boolean;
  },
): (x: Plane, context: Sequence) => Plane {
  const { heads, layers, groups, linearProjection } = options;
  const norm = groupNorm(p, `${name}.norm`, channels, groups, 1e-6);
  const project = (part: string): OnSequence => {
    if (linearProjection) return linear(p, `${name}.${part}`, channels, channels);
    const convolve = conv(p, `${name}.${part}`, channels, channels, 1);
    // The shape is irrelevant for a 1×1 convolution.
    return (x) => toSequence(convolve(toPlane(x, { height: x.length, width: 1 })));
  };
  const projectIn = project('proj_in');
  const blocks = Array.from({ length: layers }, (_, index) =>
    transformerBlock(p, `${name}.transformer_blocks.${index}`, channels, width, heads),
  );
  const projectOut = project('proj_out');
  return (x, context) => {
    let tokens = projectIn(toSequence(norm(x)));
    for (const block of blocks) tokens = block(tokens, context);
    return addPlanes(x, toPlane(projectOut(tokens), x));
  };
}

/** `ResnetBlock2D`; without a time embedding if `timeWidth` is 0. */
export function resnet(
  p: Parameters,
  name: string,
  from: number,
  to: number,
  options: { readonly groups: number; readonly epsilon: number; readonly timeWidth: number },
): (x: Plane, time?: Sequence) => Plane {
  const { groups, epsilon, timeWidth } = options;
  const norm1 = groupNorm(p, `${name}.norm1`, from, groups, epsilon);
  const conv1 = conv(p, `${name}.conv1`, from, to, 3);
  const projectTime = timeWidth > 0 ? linear(p, `${name}.time_emb_proj`, timeWidth, to) : null;
  const norm2 = groupNorm(p, `${name}.norm2`, to, groups, epsilon);
  const conv2 = conv(p, `${name}.conv2`, to, to, 3);
  const shortcut = from === to ? null : conv(p, `${name}.conv_shortcut`, from, to, 1);
  return (x, time) => {
    let hidden = conv1(mapPlane(norm1(x), silu));
    if (projectTime && time) {
      const added = projectTime({ ...time, data: time.data.map(silu) });
      const plane = hidden.height * hidden.width;
      const data = hidden.data.map((value, index) => value + at(added.data, Math.floor(index / plane)));
      hidden = { ...hidden, data };
    }
    hidden = conv2(mapPlane(norm2(hidden), silu));
    const after = addPlanes(shortcut ? shortcut(x) : x, hidden);
    p.onActivations('stream', after.data);
    return after;
  };
}

/** Nearest-neighbour resize. */
export function nearest(x: Plane, height: number, width: number): Plane {
  const data = new Float64Array(x.channels * height * width);
  for (let c = 0; c < x.channels; c++) {
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        const y = Math.floor((row * x.height) / height);
        const z = Math.floor((column * x.width) / width);
        data[(c * height + row) * width + column] = at(x.data, (c * x.height + y) * x.width + z);
      }
    }
  }
  return { channels: x.channels, height, width, data };
}

/** Output layers of both networks: norm, SiLU, convolution. */
export function head(
  p: Parameters,
  prefix: string,
  from: number,
  to: number,
  options: { readonly groups: number; readonly epsilon: number; readonly kernel: number },
): OnPlane {
  const norm = groupNorm(p, `${prefix}conv_norm_out`, from, options.groups, options.epsilon);
  const out = conv(p, `${prefix}conv_out`, from, to, options.kernel);
  return (x) => out(mapPlane(norm(x), silu));
}

/** SiLU of each element of a sequence. */
export function siluSequence(x: Sequence): Sequence {
  return { ...x, data: x.data.map(silu) };
}

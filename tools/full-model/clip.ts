import { float32ToFloat16 } from '../../src/base/index.ts';
import type { Attribute, DataType, Node, ValueInfo } from '../../src/models/onnx/proto.ts';
import { dataTypes } from '../../src/models/onnx/proto.ts';
import type { ByteSource } from '../../src/models/types.ts';
import { initialTensor } from './initial.ts';
import { onnxFile } from './onnx.ts';
import type { OnnxConstant } from './onnx.ts';
import { tensorBytes } from './values.ts';

/** Dimensions of a CLIP tower (Radford et al. 2021). */
export interface TowerShape {
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
}

/** Dimensions of both towers. */
export interface ClipShape {
  /** Width of the embeddings. */
  readonly projection: number;
  readonly vision: TowerShape & { readonly size: number; readonly patch: number };
  readonly text: TowerShape & { readonly tokens: number; readonly vocabulary: number };
}

const epsilon = 1e-5;
/** Added to masked attention scores: far below any other score, and finite in float16. */
const masked = -10_000;

/**
 * Builder of a tower's ONNX graph: weights are float16, inputs and outputs float32, as in the hub's float16 exports.
 */
class Tower {
  readonly nodes: Node[] = [];
  readonly constants: OnnxConstant[] = [];

  node(operator: string, inputs: readonly string[], attributes: readonly Attribute[] = []): string {
    const name = `${operator}_${this.nodes.length}`;
    this.nodes.push({ operator, domain: '', name, inputs, outputs: [name], attributes });
    return name;
  }

  /** Random weight with PyTorch's shape `dims`; transposed, as MatMul needs it, if `turned`. */
  weight(name: string, dims: readonly number[], turned = false): string {
    const { deviation, middle } = initialTensor(name, dims);
    const stored = turned ? [...dims].reverse() : dims;
    const data = tensorBytes({ name, dims: stored, middle, deviation }, 'float16');
    this.constants.push({ name, type: 'float16', dims: stored, data });
    return name;
  }

  integers(...values: readonly number[]): string {
    const data = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    return this.#constant(`integers_${values.join('_')}`, 'int64', [values.length], data);
  }

  /** Scalar int64 constant, for Gather to remove the axis. */
  scalar(value: number): string {
    const data = new Uint8Array(BigInt64Array.of(BigInt(value)).buffer);
    return this.#constant(`integer_${value}`, 'int64', [], data);
  }

  /** Casts a value to the float32 output `name`. */
  output(value: string, name: string): void {
    const attributes = [{ name: 'to', int: dataTypes.float32 }];
    this.nodes.push({
      operator: 'Cast',
      domain: '',
      name: `${name}_cast`,
      inputs: [value],
      outputs: [name],
      attributes,
    });
  }

  linear(x: string, name: string, from: number, to: number): string {
    const product = this.node('MatMul', [x, this.weight(`${name}.weight`, [to, from], true)]);
    return this.node('Add', [product, this.weight(`${name}.bias`, [to])]);
  }

  norm(x: string, name: string, width: number): string {
    const parameters = [this.weight(`${name}.weight`, [width]), this.weight(`${name}.bias`, [width])];
    return this.node(
      'LayerNormalization',
      [x, ...parameters],
      [
        { name: 'axis', int: -1 },
        { name: 'epsilon', float: epsilon },
      ],
    );
  }

  cast(x: string, type: DataType): string {
    return this.node('Cast', [x], [{ name: 'to', int: dataTypes[type] }]);
  }

  /** All layers of a tower on [batch, length, width]; `mask` is added to the attention scores. */
  layers(x: string, prefix: string, { width, layers, heads }: TowerShape, mask: string | null): string {
    let hidden = x;
    for (let layer = 0; layer < layers; layer++) {
      const name = `${prefix}.encoder.layers.${layer}`;
      const attended = this.#attention(
        this.norm(hidden, `${name}.layer_norm1`, width),
        `${name}.self_attn`,
        width,
        heads,
        mask,
      );
      hidden = this.node('Add', [hidden, attended]);
      const inner = this.linear(
        this.norm(hidden, `${name}.layer_norm2`, width),
        `${name}.mlp.fc1`,
        width,
        4 * width,
      );
      // QuickGELU: x · sigmoid(1.702 x).
      const gate = this.node('Sigmoid', [this.node('Mul', [inner, this.float(1.702)])]);
      const active = this.node('Mul', [inner, gate]);
      hidden = this.node('Add', [hidden, this.linear(active, `${name}.mlp.fc2`, 4 * width, width)]);
    }
    return hidden;
  }

  #attention(x: string, name: string, width: number, heads: number, mask: string | null): string {
    const split = this.integers(0, 0, heads, width / heads);
    const parted = (part: string, perm: readonly number[]) =>
      this.node(
        'Transpose',
        [this.node('Reshape', [this.linear(x, `${name}.${part}`, width, width), split])],
        [{ name: 'perm', ints: perm }],
      );
    // Queries and keys are each scaled by d^(-1/4), so that their product is scaled by 1/√d.
    const scaled = (value: string) => this.node('Mul', [value, this.float((width / heads) ** -0.25)]);
    const query = scaled(parted('q_proj', [0, 2, 1, 3]));
    const key = scaled(parted('k_proj', [0, 2, 3, 1]));
    const scores = this.node('MatMul', [query, key]);
    const kept = mask === null ? scores : this.node('Add', [scores, mask]);
    const shares = this.node('Softmax', [kept], [{ name: 'axis', int: -1 }]);
    const mixed = this.node('MatMul', [shares, parted('v_proj', [0, 2, 1, 3])]);
    const joined = this.node('Transpose', [mixed], [{ name: 'perm', ints: [0, 2, 1, 3] }]);
    const flat = this.node('Reshape', [joined, this.integers(0, 0, width)]);
    return this.linear(flat, `${name}.out_proj`, width, width);
  }

  /** Scalar float16 constant. */
  float(value: number): string {
    return this.#constant(`float_${value}`, 'float16', [], halves([value]));
  }

  /** float16 constant with the shape `dims`. */
  table(name: string, dims: readonly number[], values: readonly number[]): string {
    return this.#constant(name, 'float16', dims, halves(values));
  }

  #constant(name: string, type: DataType, dims: readonly number[], data: Uint8Array): string {
    if (!this.constants.some((constant) => constant.name === name)) {
      this.constants.push({ name, type, dims, data });
    }
    return name;
  }

  file(name: string, input: ValueInfo, output: ValueInfo): ByteSource {
    return onnxFile(
      name,
      { name: 'main_graph', nodes: this.nodes, inputs: [input], outputs: [output] },
      this.constants,
    );
  }
}

const halves = (values: readonly number[]) =>
  new Uint8Array(float32ToFloat16(Float32Array.from(values)).buffer);

/** CLIP's image tower with projection: `pixel_values` [batch, 3, size, size] to `image_embeds` [batch, projection]. */
export function visionTower(name: string, { projection, vision }: ClipShape): ByteSource {
  const { width, size, patch } = vision;
  const g = new Tower();
  const model = 'vision_model';
  const pixels = g.cast('pixel_values', 'float16');
  const patches = g.node(
    'Conv',
    [pixels, g.weight(`${model}.embeddings.patch_embedding.weight`, [width, 3, patch, patch])],
    [
      { name: 'kernel_shape', ints: [patch, patch] },
      { name: 'strides', ints: [patch, patch] },
    ],
  );
  const rows = g.node(
    'Transpose',
    [g.node('Reshape', [patches, g.integers(0, width, -1)])],
    [{ name: 'perm', ints: [0, 2, 1] }],
  );
  // The class token is repeated for each picture of the batch.
  const batch = g.node('Slice', [g.node('Shape', ['pixel_values']), g.integers(0), g.integers(1)]);
  const classShape = g.node('Concat', [batch, g.integers(1, width)], [{ name: 'axis', int: 0 }]);
  const classes = g.node('Expand', [g.weight(`${model}.embeddings.class_embedding`, [width]), classShape]);
  const tokens = g.node('Concat', [classes, rows], [{ name: 'axis', int: 1 }]);
  const length = (size / patch) ** 2 + 1;
  const positioned = g.node('Add', [
    tokens,
    g.weight(`${model}.embeddings.position_embedding.weight`, [length, width]),
  ]);
  const hidden = g.layers(g.norm(positioned, `${model}.pre_layrnorm`, width), model, vision, null);
  const first = g.node('Gather', [hidden, g.scalar(0)], [{ name: 'axis', int: 1 }]);
  const pooled = g.norm(first, `${model}.post_layernorm`, width);
  const embeds = g.node('MatMul', [pooled, g.weight('visual_projection.weight', [projection, width], true)]);
  g.output(embeds, 'image_embeds');
  return g.file(
    name,
    { name: 'pixel_values', type: 'float32', dims: ['batch_size', 3, size, size] },
    { name: 'image_embeds', type: 'float32', dims: ['batch_size', projection] },
  );
}

/**
 * CLIP's text tower with projection: `input_ids` int64 [batch, length] to `text_embeds` [batch, projection]. Pools the
 * hidden state at the end-of-text token, which has the highest id.
 */
export function textTower(name: string, { projection, text }: ClipShape): ByteSource {
  const { width, tokens, vocabulary } = text;
  const g = new Tower();
  const model = 'text_model';
  const table = g.weight(`${model}.embeddings.token_embedding.weight`, [vocabulary, width]);
  const rows = g.node('Gather', [table, 'input_ids']);
  const length = g.node('Slice', [g.node('Shape', ['input_ids']), g.integers(1), g.integers(2)]);
  const positions = g.weight(`${model}.embeddings.position_embedding.weight`, [tokens, width]);
  const positioned = g.node('Add', [
    rows,
    g.node('Slice', [positions, g.integers(0), length, g.integers(0)]),
  ]);
  const triangle = Array.from({ length: tokens * tokens }, (_, index) =>
    index % tokens > Math.floor(index / tokens) ? masked : 0,
  );
  const mask = g.node('Slice', [
    g.table('causal_mask', [tokens, tokens], triangle),
    g.integers(0, 0),
    g.node('Concat', [length, length], [{ name: 'axis', int: 0 }]),
    g.integers(0, 1),
  ]);
  const hidden = g.norm(g.layers(positioned, model, text, mask), `${model}.final_layer_norm`, width);
  const end = g.node(
    'ArgMax',
    ['input_ids'],
    [
      { name: 'axis', int: 1 },
      { name: 'keepdims', int: 1 },
    ],
  );
  const pooled = g.node('GatherND', [hidden, end], [{ name: 'batch_dims', int: 1 }]);
  const embeds = g.node('MatMul', [pooled, g.weight('text_projection.weight', [projection, width], true)]);
  g.output(embeds, 'text_embeds');
  return g.file(
    name,
    { name: 'input_ids', type: 'int64', dims: ['batch_size', 'sequence_length'] },
    { name: 'text_embeds', type: 'float32', dims: ['batch_size', projection] },
  );
}

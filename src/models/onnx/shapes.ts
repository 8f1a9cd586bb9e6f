import type { Graph, Initializer, Node } from './proto.ts';

/** An output of a node, for one batch size. */
export interface PlannedValue {
  /** ONNX name of the operator that computes it. */
  readonly operator: string;
  readonly dims: readonly number[];
  readonly bytes: number;
  /** Temporary bytes that ONNX Runtime's CPU provider allocates while the node runs: the scores of fused attention. */
  readonly scratch: number;
}

interface Shape {
  readonly dims: readonly number[];
  /** Bytes per element. */
  readonly size: number;
}

const elements = (dims: readonly number[]) => dims.reduce((product, dim) => product * dim, 1);
const bytesOf = ({ dims, size }: Shape) => elements(dims) * size;
const sizes = { float32: 4, float16: 2, int64: 8 } as const;
/** Element sizes by the `to` attribute of Cast. */
const castSizes: ReadonlyMap<number, number> = new Map([
  [1, 4],
  [7, 8],
  [10, 2],
]);

/**
 * Shape inference: the outputs of a graph's nodes, by name, for one batch size. Knows the shape-changing operators that
 * the compiler uses; any other is assumed to have the shape of its largest input.
 */
export function plannedValues(
  { nodes, initializers, inputs }: Pick<Graph, 'nodes' | 'initializers' | 'inputs'>,
  batch: number,
): Map<string, PlannedValue> {
  const known = new Map<string, Shape>();
  for (const { name, type, dims } of initializers) known.set(name, { dims, size: sizes[type] });
  for (const { name, type, dims } of inputs) {
    known.set(name, { dims: dims.map((dim) => planned(dim, batch)), size: sizes[type] });
  }
  const constants = new Map(initializers.map((initializer) => [initializer.name, initializer]));
  const values = new Map<string, PlannedValue>();
  for (const node of nodes) {
    const given = node.inputs.map((name) => known.get(name) ?? { dims: [], size: 0 });
    const scratch = scratchBytes(node, given);
    const shapes = outputShapes(node, given, (input) => integers(constants.get(node.inputs[input] ?? '')));
    for (const [index, name] of node.outputs.entries()) {
      const shape = shapes[index] ?? shapes[0] ?? { dims: [], size: 0 };
      known.set(name, shape);
      values.set(name, { operator: node.operator, dims: shape.dims, bytes: bytesOf(shape), scratch });
    }
  }
  return values;
}

/** Size of an open dimension: each row is counted as a separate sample, the worst case. */
function planned(dim: number | string, batch: number): number {
  if (typeof dim === 'number') return dim;
  return dim === 'halves' ? 1 : batch;
}

/** Bytes of the attention scores: queries × keys, for each head and row. */
function scratchBytes(node: Node, [query, key]: readonly Shape[]): number {
  if (node.operator !== 'MultiHeadAttention' || !query || !key) return 0;
  const [batch = 1, queries = 0] = query.dims;
  return batch * (attribute(node, 'num_heads') ?? 1) * queries * (key.dims[1] ?? 0) * query.size;
}

/** Shapes of a node's outputs; a single one if all are equal. */
function outputShapes(
  node: Node,
  inputs: readonly Shape[],
  constant: (input: number) => readonly number[],
): Shape[] {
  const [first = { dims: [], size: 0 }, second = { dims: [], size: 0 }] = inputs;
  const like = (dims: readonly number[]): Shape[] => [{ dims, size: first.size }];
  switch (node.operator) {
    case 'Cast':
      return [{ dims: first.dims, size: castSizes.get(attribute(node, 'to') ?? 0) ?? first.size }];
    case 'Add':
    case 'Sub':
    case 'Mul':
    case 'Div':
      return like(broadcast(first.dims, second.dims));
    case 'Conv':
      return like(convolved(node, first.dims, second.dims));
    case 'MatMul':
      return like([
        ...broadcast(first.dims.slice(0, -2), second.dims.slice(0, -2)),
        first.dims.at(-2) ?? 1,
        second.dims.at(-1) ?? 1,
      ]);
    case 'Gemm':
      return like([first.dims[0] ?? 1, second.dims[attribute(node, 'transB') === 1 ? 0 : 1] ?? 1]);
    case 'MultiHeadAttention':
      return like(first.dims);
    case 'BiasSplitGelu':
      return like(first.dims.with(-1, (first.dims.at(-1) ?? 0) / 2));
    case 'Reshape':
      return like(reshaped(first.dims, constant(1)));
    case 'Transpose': {
      const order = list(node, 'perm') ?? first.dims.map((_, axis) => first.dims.length - 1 - axis);
      return like(order.map((axis) => first.dims[axis] ?? 1));
    }
    case 'Split': {
      const axis = axisOf(node, first.dims);
      return constant(1).flatMap((length) => like(first.dims.with(axis, length)));
    }
    case 'Concat': {
      const axis = axisOf(node, first.dims);
      return like(
        first.dims.with(
          axis,
          inputs.reduce((sum, { dims }) => sum + (dims[axis] ?? 0), 0),
        ),
      );
    }
    case 'Resize':
      return like(resized(node, first.dims, constant));
    default:
      return [
        inputs.reduce((largest, input) => (bytesOf(input) > bytesOf(largest) ? input : largest), first),
      ];
  }
}

function attribute({ attributes }: Node, name: string): number | undefined {
  const found = attributes.find((candidate) => candidate.name === name);
  return found && 'int' in found ? found.int : undefined;
}

function list({ attributes }: Node, name: string): readonly number[] | undefined {
  const found = attributes.find((candidate) => candidate.name === name);
  return found && 'ints' in found ? found.ints : undefined;
}

function axisOf(node: Node, dims: readonly number[]): number {
  const axis = attribute(node, 'axis') ?? 0;
  return axis < 0 ? dims.length + axis : axis;
}

/** Values of an inline constant, for shapes, lengths and factors. */
function integers(initializer: Initializer | undefined): readonly number[] {
  if (!initializer || !('inline' in initializer.content)) return [];
  const { buffer, byteOffset, byteLength } = initializer.content.inline;
  if (initializer.type === 'int64') {
    return [...new BigInt64Array(buffer, byteOffset, byteLength / 8)].map(Number);
  }
  return initializer.type === 'float32' ? [...new Float32Array(buffer, byteOffset, byteLength / 4)] : [];
}

/** Broadcast shape of two operands. */
function broadcast(a: readonly number[], b: readonly number[]): number[] {
  const length = Math.max(a.length, b.length);
  return Array.from({ length }, (_, axis) =>
    Math.max(a[axis - length + a.length] ?? 1, b[axis - length + b.length] ?? 1),
  );
}

function convolved(node: Node, x: readonly number[], weight: readonly number[]): number[] {
  const [batch = 1, , ...size] = x;
  const pads = list(node, 'pads') ?? [];
  return [
    batch,
    weight[0] ?? 1,
    ...size.map((length, axis) => {
      const padded = length + (pads[axis] ?? 0) + (pads[axis + size.length] ?? 0);
      return Math.floor((padded - (weight[axis + 2] ?? 1)) / (list(node, 'strides')?.[axis] ?? 1)) + 1;
    }),
  ];
}

/** Resolves the target of Reshape: 0 keeps a dimension, -1 is inferred. */
function reshaped(dims: readonly number[], target: readonly number[]): number[] {
  const kept = target.map((dim, axis) => (dim === 0 ? (dims[axis] ?? 1) : dim));
  const rest = elements(dims) / elements(kept.filter((dim) => dim !== -1));
  return kept.map((dim) => (dim === -1 ? rest : dim));
}

function resized(
  node: Node,
  dims: readonly number[],
  constant: (input: number) => readonly number[],
): number[] {
  const axes = list(node, 'axes') ?? dims.map((_, axis) => axis);
  const [factors, lengths] = [constant(2), constant(3)];
  return dims.map((length, axis) => {
    const index = axes.indexOf(axis);
    return lengths[index] ?? Math.floor(length * (factors[index] ?? 1));
  });
}

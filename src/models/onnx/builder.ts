import { float32ToFloat16 } from '../../base/index.ts';
import { cpuKernels } from './kernels.ts';
import type { Kernels } from './kernels.ts';
import { peakBytes } from './lifetimes.ts';
import { encodeModel } from './proto.ts';
import type { Attribute, DataType, Graph, Initializer, Node, ValueInfo } from './proto.ts';
import { plannedValues } from './shapes.ts';
import type { PlannedValue } from './shapes.ts';
import { WeightPlanner } from './weights.ts';
import type { WeightChange, WeightPart, WeightPlan } from './weights.ts';
import type { Checkpoint } from '../types.ts';

/** Name of a value in the graph: an output of a node. */
export type Value = string;

/** Node attributes; numbers are floats, integers are marked by `int`. */
type Attributes = Readonly<Record<string, number | string | readonly number[] | { readonly int: number }>>;

function toAttribute(name: string, value: Attributes[string]): Attribute {
  if (typeof value === 'number') return { name, float: value };
  if (typeof value === 'string') return { name, text: value };
  if ('int' in value) return { name, int: value.int };
  return { name, ints: value };
}

/** Builds an ONNX graph node by node. Weights are planned here and packed later, so a graph has kilobytes. */
export class GraphBuilder {
  readonly name: string;
  /** Type of all weights and intermediate values. */
  readonly type: 'float16' | 'float32';
  readonly weights: WeightPlanner;
  /** What the graph may use. */
  readonly kernels: Kernels;
  readonly #nodes: Node[] = [];
  readonly #initializers = new Map<string, Initializer>();
  readonly #inputs: ValueInfo[] = [];
  readonly #outputs: ValueInfo[] = [];

  constructor(
    name: string,
    type: 'float16' | 'float32',
    checkpoint: Pick<Checkpoint, 'name' | 'tensors'>,
    location: string,
    kernels: Kernels = cpuKernels,
  ) {
    this.name = name;
    this.type = type;
    this.kernels = kernels;
    this.weights = new WeightPlanner(checkpoint, location, type);
  }

  input(name: string, type: DataType, dims: readonly (number | string)[]): Value {
    this.#inputs.push({ name, type, dims });
    return name;
  }

  output(value: Value, name: string, type: DataType, dims: readonly (number | string)[]): void {
    this.#nodes.push({
      operator: 'Identity',
      domain: '',
      name,
      inputs: [value],
      outputs: [name],
      attributes: [],
    });
    this.#outputs.push({ name, type, dims });
  }

  /** Adds a node with several outputs. */
  split(operator: string, inputs: readonly Value[], outputs: number, attributes: Attributes = {}): Value[] {
    const [domain, type] = operator.startsWith('com.microsoft.')
      ? ['com.microsoft', operator.slice('com.microsoft.'.length)]
      : ['', operator];
    const name = `${type}_${this.#nodes.length}`;
    const names = Array.from({ length: outputs }, (_, index) => (outputs === 1 ? name : `${name}_${index}`));
    this.#nodes.push({
      operator: type,
      domain,
      name,
      inputs,
      outputs: names,
      attributes: Object.entries(attributes).map(([key, value]) => toAttribute(key, value)),
    });
    return names;
  }

  /** Adds a node and returns its output. Operators of ONNX Runtime are prefixed with their domain. */
  node(operator: string, inputs: readonly Value[], attributes: Attributes = {}): Value {
    const [output] = this.split(operator, inputs, 1, attributes);
    if (output === undefined) throw new RangeError('a node has at least one output');
    return output;
  }

  /** Constant int64 vector, for shapes, sizes and split lengths. */
  integers(values: readonly number[]): Value {
    return this.#constant('int64', [values.length], new BigInt64Array(values.map(BigInt)), values.join('_'));
  }

  /** Constant vector of equal numbers, in the graph's type. */
  filled(value: number, length: number): Value {
    const data =
      this.type === 'float16'
        ? float32ToFloat16(new Float32Array(length).fill(value))
        : new Float32Array(length).fill(value);
    return this.#constant(this.type, [length], data, `${value}_times_${length}`);
  }

  /** Constant float32 vector, for inputs that are never float16 (the scales of Resize). */
  floats(values: readonly number[]): Value {
    return this.#constant('float32', [values.length], new Float32Array(values), values.join('_'));
  }

  /** Adds a weight from the packed file. See `WeightPlanner.add`. */
  weight(name: string, dims: readonly number[], parts: readonly WeightPart[], change?: WeightChange): Value {
    const content = this.weights.add(name, dims, parts, change);
    this.#initializers.set(name, { name, type: this.type, dims, content });
    return name;
  }

  #constant(
    type: DataType,
    dims: readonly number[],
    data: BigInt64Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Float32Array<ArrayBuffer>,
    key: string,
  ): Value {
    const name = `${type}_${key}`;
    this.#initializers.set(name, { name, type, dims, content: { inline: new Uint8Array(data.buffer) } });
    return name;
  }

  /** Encodes the model and returns it with the layout of its weight file. */
  build(): CompiledGraph {
    const graph: Graph = {
      name: this.name,
      nodes: this.#nodes,
      initializers: [...this.#initializers.values()],
      inputs: this.#inputs,
      outputs: this.#outputs,
    };
    return {
      graph: encodeModel(graph),
      nodes: this.#nodes.length,
      plan: this.weights.plan(),
      values: (batch) => plannedValues(graph, batch),
      peak: (batch) => peakBytes(graph, plannedValues(graph, batch)),
    };
  }
}

/** An ONNX graph and the layout of its weights. */
export interface CompiledGraph {
  readonly graph: Uint8Array<ArrayBuffer>;
  readonly nodes: number;
  readonly plan: WeightPlan;
  /** All values computed by nodes, by name, for a batch size. */
  readonly values: (batch: number) => ReadonlyMap<string, PlannedValue>;
  /** Peak memory of these values in bytes: see `peakBytes`. */
  readonly peak: (batch: number) => number;
}

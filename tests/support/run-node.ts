import type { DeviceTensor, ModelType } from '../../src/compute/index.ts';
import { GraphBuilder } from '../../src/models/onnx/builder.ts';
import type { Value } from '../../src/models/onnx/builder.ts';
import type { NodeBackend } from '../../tools/node-runtime.ts';

export interface NodeInput {
  readonly dims: readonly number[];
  readonly values: Float32Array;
}

/** Graph of a single node, or of a few. */
export interface NodeGraph {
  readonly inputs: readonly NodeInput[];
  readonly node: (g: GraphBuilder, inputs: readonly Value[]) => Value;
  readonly outputDims: readonly number[];
}

/** Runs a graph of few nodes on a backend. */
export async function runNode(
  { compute, runtime }: NodeBackend,
  type: ModelType,
  { inputs, node, outputDims }: NodeGraph,
): Promise<Float32Array> {
  const g = new GraphBuilder('node', type, { name: 'none', tensors: new Map() }, 'none.bin');
  const names = inputs.map(({ dims }, index) => g.input(`x${index}`, type, dims));
  g.output(node(g, names), 'y', type, outputDims);
  const session = await runtime.createSession('node', { graph: g.build().graph, weights: [] });
  const feeds: Record<string, DeviceTensor> = {};
  try {
    for (const [index, { dims, values }] of inputs.entries()) {
      feeds[`x${index}`] = compute.upload(values, dims, type);
    }
    const { y } = await session.run(feeds);
    if (!y) throw new Error('the graph gives nothing');
    const [values] = await compute.read([y]);
    y.dispose();
    return Float32Array.from(values ?? []);
  } finally {
    for (const feed of Object.values(feeds)) feed.dispose();
    await session.release();
  }
}

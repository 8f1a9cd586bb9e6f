import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCheckpoint } from '../../../src/models/checkpoint/index.ts';
import { GraphBuilder } from '../../../src/models/onnx/builder.ts';
import { groupNorm, layerNorm } from '../../../src/models/onnx/layers.ts';
import { packWeights } from '../../../src/models/pack.ts';
import { memorySource } from '../../../src/models/source.ts';
import type { Checkpoint } from '../../../src/models/types.ts';
import type { NodeBackend } from '../../../tools/node-runtime.ts';
import { backendFor, closeBackend } from '../../support/backend.ts';
import { float32Bytes } from '../../support/bytes.ts';
import { randomValues } from '../../support/reference/parameters.ts';
import { safetensorsFile } from '../../support/safetensors-file.ts';

const groups = 2;
/** Kernels process one, two or four values at a time, depending on the divisibility of their number. */
const shapes = [
  { channels: 6, side: 5 },
  { channels: 4, side: 9 },
  { channels: 8, side: 64 },
  { channels: 320, side: 4 },
] as const;
type Shape = (typeof shapes)[number];
const bias = 0.5;

let backend: NodeBackend;

beforeAll(async () => {
  backend = await backendFor('webgpu');
});

afterAll(() => {
  closeBackend(backend);
});

/** Weights of a norm with scale 1 and the same bias for all channels. */
function checkpointOf(channels: number): Promise<Checkpoint> {
  const tensor = (name: string, value: number) => ({
    name,
    dtype: 'F32',
    shape: [channels],
    data: float32Bytes(...Array.from({ length: channels }, () => value)),
  });
  return openCheckpoint(
    memorySource('norm.safetensors', safetensorsFile([tensor('norm.weight', 1), tensor('norm.bias', bias)])),
  );
}

function groupNormGraph(
  g: GraphBuilder,
  { channels, side }: Shape,
  epsilon: number,
  silu: boolean,
): number[] {
  const dims = [1, channels, side, side];
  const x = { value: g.input('x', g.type, dims), channels, height: side, width: side };
  g.output(groupNorm(g, x, 'norm', { groups, epsilon, silu }).value, 'y', g.type, dims);
  return dims;
}

const norms = {
  group: (g: GraphBuilder, shape: Shape, epsilon: number) => groupNormGraph(g, shape, epsilon, false),
  groupSilu: (g: GraphBuilder, shape: Shape, epsilon: number) => groupNormGraph(g, shape, epsilon, true),
  layer: (g: GraphBuilder, { channels, side }: Shape) => {
    const dims = [1, side * side, channels];
    const x = { value: g.input('x', g.type, dims), channels, length: side * side };
    g.output(layerNorm(g, x, 'norm').value, 'y', g.type, dims);
    return dims;
  },
};

/** Runs a norm on several inputs and subtracts its bias. */
async function normalised(
  kind: keyof typeof norms,
  type: 'float16' | 'float32',
  shape: Shape,
  epsilon: number,
  inputs: readonly Float32Array[],
): Promise<Float32Array[]> {
  const { compute, runtime } = backend;
  const checkpoint = await checkpointOf(shape.channels);
  const g = new GraphBuilder('norm', type, checkpoint, 'norm.bin', backend.target.kernels);
  const dims = norms[kind](g, shape, epsilon);
  const { graph, plan } = g.build();
  const data = await packWeights(plan, checkpoint);
  const session = await runtime.createSession('norm', {
    graph,
    weights: [{ location: plan.location, data }],
  });
  const outputs: Float32Array[] = [];
  for (const input of inputs) {
    const x = compute.upload(input, dims, type);
    const { y } = await session.run({ x });
    if (!y) throw new Error('the norm gives nothing');
    const [values] = await compute.read([y]);
    outputs.push(Float32Array.from(values ?? [], (value) => value - bias));
    y.dispose();
    x.dispose();
  }
  await session.release();
  return outputs;
}

const cases = (['group', 'layer'] as const).flatMap((kind) =>
  (['float16', 'float32'] as const).map((type) => [kind, type] as const),
);

describe('a norm on the GPU', () => {
  it.each(cases)('over constant values gives no more than noise: %s, %s', async (kind, type) => {
    const values = [0, 1e-4, 1 / 3, 37.3, -301.7, 3001, -7777, 60_000];
    for (const shape of shapes) {
      const length = shape.channels * shape.side ** 2;
      const inputs = values.map((value) => new Float32Array(length).fill(value));
      for (const epsilon of kind === 'group' ? [1e-5, 1e-6, 1e-8] : [1e-5]) {
        const outputs = await normalised(kind, type, shape, epsilon, inputs);
        for (const [index, output] of outputs.entries()) {
          const about = `${values[index] ?? 0} in ${JSON.stringify(shape)}, epsilon ${epsilon}`;
          expect(output.every(Number.isFinite), about).toBe(true);
          // In float16, equal values are indistinguishable from values that differ by a thousandth.
          expect(Math.max(...output.map(Math.abs)), about).toBeLessThan(2);
        }
      }
    }
  });

  it.each(cases)('over values with a small variance is accurate: %s, %s', async (kind, type) => {
    const shape = shapes[2];
    const length = shape.channels * shape.side ** 2;
    const [mean, spread] = [300, 6];
    const noise = randomValues(5, length);
    const [output] = await normalised(kind, type, shape, 1e-6, [noise.map((value) => mean + spread * value)]);
    const size = kind === 'group' ? length / groups : shape.channels;
    for (let start = 0; start < length; start += size) {
      const part = noise.subarray(start, start + size);
      const middle = part.reduce((sum, value) => sum + value, 0) / size;
      const deviation = Math.sqrt(part.reduce((sum, value) => sum + (value - middle) ** 2, 0) / size);
      const errors = part.map((value, i) => (output?.[start + i] ?? NaN) - (value - middle) / deviation);
      // float16 rounds values near 300 to steps of a quarter: an error of up to an eighth, a fiftieth of the spread.
      expect(Math.max(...errors.map(Math.abs))).toBeLessThan(type === 'float16' ? 0.1 : 0.005);
    }
  });

  it.each(['float16', 'float32'] as const)(
    'uses its own epsilon, whichever norms ran before: %s',
    async (type) => {
      const shape = shapes[2];
      const length = shape.channels * shape.side ** 2;
      const size = length / groups;
      const noise = randomValues(6, length);
      for (const epsilon of [1e-6, 1e-5, 1e-6, 1e-4, 3e-5, 1e-8, 1e-5]) {
        // A variance equal to epsilon, so that a norm with another epsilon differs clearly.
        const spread = Math.sqrt(epsilon);
        const [output] = await normalised('group', type, shape, epsilon, [
          noise.map((value) => spread * value),
        ]);
        for (let start = 0; start < length; start += size) {
          const part = noise.subarray(start, start + size).map((value) => spread * value);
          const mean = part.reduce((sum, value) => sum + value, 0) / size;
          const variance = part.reduce((sum, value) => sum + (value - mean) ** 2, 0) / size;
          const expected = part.map((value) => (value - mean) / Math.sqrt(variance + epsilon));
          const errors = expected.map((value, i) => Math.abs((output?.[start + i] ?? NaN) - value));
          expect(Math.max(...errors), `epsilon ${epsilon}`).toBeLessThan(type === 'float16' ? 0.01 : 1e-3);
        }
      }
    },
  );

  it.each(['float16', 'float32'] as const)(
    'is followed by SiLU where that is asked for: %s',
    async (type) => {
      for (const shape of shapes) {
        const inputs = [randomValues(7, shape.channels * shape.side ** 2)];
        const [plain = []] = await normalised('group', type, shape, 1e-5, inputs);
        const [activated = []] = await normalised('groupSilu', type, shape, 1e-5, inputs);
        // Both had the bias subtracted at the end, where SiLU acts after it was added.
        const errors = plain.map((value, i) => {
          const biased = value + bias;
          return Math.abs((activated[i] ?? NaN) + bias - biased / (1 + Math.exp(-biased)));
        });
        expect(Math.max(...errors)).toBeLessThan(type === 'float16' ? 5e-3 : 1e-5);
      }
    },
  );
});

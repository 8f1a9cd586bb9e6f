import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { float16ToFloat32, float32ToFloat16 } from '../../../src/base/index.ts';
import { GraphBuilder } from '../../../src/models/onnx/builder.ts';
import type { NodeBackend } from '../../../tools/node-runtime.ts';
import { backendFor } from '../../support/backend.ts';
import { randomValues } from '../../support/reference/parameters.ts';
import { gelu } from '../../support/reference/layers.ts';
import { relativeError } from '../../unit/compute/support.ts';

let backend: NodeBackend;

beforeAll(async () => {
  backend = await backendFor('webgpu');
});

afterAll(() => {
  expect(backend.runtime.liveSessions).toBe(0);
  expect(backend.compute.liveTensors).toBe(0);
  backend.dispose();
});

async function biasSplitGelu(
  type: 'float16' | 'float32',
  x: Float32Array,
  bias: Float32Array,
): Promise<number[]> {
  const { compute, runtime } = backend;
  const [rows, channels] = [x.length / bias.length, bias.length];
  const g = new GraphBuilder('geglu', type, { name: 'none', tensors: new Map() }, 'none.bin');
  const inputs = [g.input('x', type, [1, rows, channels]), g.input('bias', type, [channels])];
  g.output(g.node('com.microsoft.BiasSplitGelu', inputs), 'y', type, [1, rows, channels / 2]);
  const session = await runtime.createSession('geglu', { graph: g.build().graph, weights: [] });
  const feeds = {
    x: compute.upload(x, [1, rows, channels], type),
    bias: compute.upload(bias, [channels], type),
  };
  try {
    const { y } = await session.run(feeds);
    if (!y) throw new Error('the graph gives nothing');
    const [values] = await compute.read([y]);
    y.dispose();
    return [...(values ?? [])];
  } finally {
    for (const feed of Object.values(feeds)) feed.dispose();
    await session.release();
  }
}

describe('GEGLU as one node', () => {
  it.each([
    ['float16', 8, 5e-4],
    ['float16', 24, 5e-4],
    ['float16', 256, 5e-4],
    ['float32', 24, 1e-6],
  ] as const)('is exact except for rounding: %s, %i channels', async (type, channels, limit) => {
    const rounded = (values: Float32Array) => float16ToFloat32(float32ToFloat16(values));
    const x = rounded(randomValues(1, 8 * channels).map((value) => 3 * value));
    const bias = rounded(randomValues(2, channels));
    const half = channels / 2;
    const biased = (row: number, channel: number) =>
      (x[row * channels + channel] ?? 0) + (bias[channel] ?? 0);
    const expected = Array.from({ length: 8 * half }, (_, index) => {
      const [row, channel] = [Math.floor(index / half), index % half];
      return biased(row, channel) * gelu(biased(row, channel + half));
    });
    expect(relativeError(await biasSplitGelu(type, x, bias), expected)).toBeLessThan(limit);
  });
});

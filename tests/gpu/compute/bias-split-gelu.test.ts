import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { float16ToFloat32, float32ToFloat16 } from '../../../src/base/index.ts';
import type { NodeBackend } from '../../../tools/node-runtime.ts';
import { backendFor, closeBackend } from '../../support/backend.ts';
import { randomValues } from '../../support/reference/parameters.ts';
import { gelu } from '../../support/reference/layers.ts';
import { runNode } from '../../support/run-node.ts';
import { relativeError } from '../../unit/compute/support.ts';

let backend: NodeBackend;

beforeAll(async () => {
  backend = await backendFor('webgpu');
});

afterAll(() => {
  closeBackend(backend);
});

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
    const answer = await runNode(backend, type, {
      inputs: [
        { dims: [1, 8, channels], values: x },
        { dims: [channels], values: bias },
      ],
      node: (g, inputs) => g.node('com.microsoft.BiasSplitGelu', inputs),
      outputDims: [1, 8, half],
    });
    expect(relativeError(answer, expected)).toBeLessThan(limit);
  });
});

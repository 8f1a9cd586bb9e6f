import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { float16ToFloat32, float32ToFloat16 } from '../../../src/base/index.ts';
import { withFloat32Sums } from '../../../src/compute/webgpu/float32-sums.ts';
import type { SumsResult } from '../../../src/compute/webgpu/float32-sums.ts';
import { Pipeline, Scope } from '../../../src/diffusion/index.ts';
import { createModel } from '../../../src/models/index.ts';
import { openCheckpointFolder } from '../../../tools/checkpoint-folder.ts';
import type { NodeBackend } from '../../../tools/node-runtime.ts';
import { backendFor, closeBackend } from '../../support/backend.ts';
import { randomValues } from '../../support/reference/parameters.ts';
import { runNode } from '../../support/run-node.ts';
import type { NodeGraph, NodeInput } from '../../support/run-node.ts';
import { relativeError } from '../../unit/compute/support.ts';

/** Original shaders by kernel name. */
const shaders = new Map<string, Set<string>>();
let backend: NodeBackend;

/** Records every shader created on a device from now on, before it is rewritten. */
function watchShaders(device: GPUDevice | null): void {
  if (!device) throw new Error('there is no GPU');
  const create = device.createShaderModule.bind(device);
  Object.defineProperty(device, 'createShaderModule', {
    value: (descriptor: GPUShaderModuleDescriptor) => {
      const { label = '', code } = descriptor;
      shaders.set(label, (shaders.get(label) ?? new Set()).add(code));
      return create(descriptor);
    },
  });
}

/** Recorded shaders with sums that no rule covers, one line for each. */
function unknownShaders(): string[] {
  return [...shaders].flatMap(([label, codes]) =>
    [...codes]
      .filter((code) => withFloat32Sums(label, code).sums === 'unknown')
      .map((code) => `No rule in float32-sums.ts fits ONNX Runtime's kernel ${label}:\n${code}`),
  );
}

beforeAll(async () => {
  backend = await backendFor('webgpu');
  watchShaders(backend.device);
});

afterAll(() => {
  closeBackend(backend);
});

type Values = Float32Array | Float64Array;

interface Case extends NodeGraph {
  readonly name: string;
  /** Kernel with the sum, and the accumulator type that its rule gives. */
  readonly kernel: string;
  readonly sums?: SumsResult;
  readonly reference: (inputs: readonly Float32Array[]) => Values;
}

const none = new Float32Array();
const count = (dims: readonly number[]) => dims.reduce((product, dim) => product * dim, 1);
/** Rounds to float16. */
const rounded = (values: Float32Array) => float16ToFloat32(float32ToFloat16(values));
const random = (seed: number, dims: readonly number[], scale = 1): NodeInput => ({
  dims,
  values: rounded(randomValues(seed, count(dims)).map((value) => scale * value)),
});

/** Matrix product [rows, inner] · [inner, columns], optionally with the second matrix transposed. */
function product(
  a: Values,
  b: Values,
  rows: number,
  inner: number,
  columns: number,
  transposed = false,
): Float64Array {
  const out = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      let sum = 0;
      for (let k = 0; k < inner; k++) {
        sum +=
          (a[row * inner + k] ?? NaN) * (b[transposed ? column * inner + k : k * columns + column] ?? NaN);
      }
      out[row * columns + column] = sum;
    }
  }
  return out;
}

function softmaxRows(values: Values, length: number): Float64Array {
  const out = Float64Array.from(values);
  for (let start = 0; start < out.length; start += length) {
    const row = out.subarray(start, start + length);
    const largest = Math.max(...row);
    row.set(row.map((value) => Math.exp(value - largest)));
    const sum = row.reduce((total, value) => total + value, 0);
    row.set(row.map((value) => value / sum));
  }
  return out;
}

function matMul(name: string, kernel: string, rows: number, inner: number, columns: number): Case {
  return {
    name,
    kernel,
    inputs: [random(1, [1, rows, inner]), random(2, [inner, columns])],
    node: (g, inputs) => g.node('MatMul', inputs),
    outputDims: [1, rows, columns],
    reference: ([a, b]) => product(a ?? none, b ?? none, rows, inner, columns),
  };
}

function gemm(name: string, rows: number, inner: number, columns: number, alpha = 1): Case {
  return {
    name,
    kernel: 'Gemm',
    inputs: [random(3, [rows, inner]), random(4, [columns, inner]), random(5, [columns])],
    node: (g, inputs) => g.node('Gemm', inputs, { transB: { int: 1 }, alpha }),
    outputDims: [rows, columns],
    reference: ([a, b, bias]) =>
      product(a ?? none, b ?? none, rows, inner, columns, true).map(
        (value, index) => alpha * value + (bias?.[index % columns] ?? NaN),
      ),
  };
}

/** 3×3 convolution of one padded picture. */
function convolution(name: string, channels: number, out: number, side: number): Case {
  return {
    name,
    kernel: 'Conv2dMM',
    inputs: [random(6, [1, channels, side, side]), random(7, [out, channels, 3, 3]), random(8, [out])],
    node: (g, inputs) =>
      g.node('Conv', inputs, { kernel_shape: [3, 3], strides: [1, 1], pads: [1, 1, 1, 1] }),
    outputDims: [1, out, side, side],
    reference: ([x, weight, bias]) => {
      const values = new Float64Array(out * side * side);
      for (const [index] of values.entries()) {
        const [o, row, column] = [
          Math.floor(index / side ** 2),
          Math.floor(index / side) % side,
          index % side,
        ];
        let sum = bias?.[o] ?? NaN;
        for (let k = 0; k < channels * 9; k++) {
          const [c, y, x0] = [Math.floor(k / 9), row + (Math.floor(k / 3) % 3) - 1, column + (k % 3) - 1];
          if (y < 0 || y >= side || x0 < 0 || x0 >= side) continue;
          sum += (x?.[(c * side + y) * side + x0] ?? NaN) * (weight?.[o * channels * 9 + k] ?? NaN);
        }
        values[index] = sum;
      }
      return values;
    },
  };
}

function softmax(name: string, rows: number, length: number): Case {
  return {
    name,
    kernel: 'Softmax',
    inputs: [random(9, [1, rows, length], 2)],
    node: (g, inputs) => g.node('Softmax', inputs, { axis: { int: -1 } }),
    outputDims: [1, rows, length],
    reference: ([x]) => softmaxRows(x ?? none, length),
  };
}

/** Self-attention with one narrow head: software GPUs compile wide ones for minutes. */
function attention(name: string, kernel: string, length: number, width: number): Case {
  const dims = [1, length, width];
  return {
    name,
    kernel,
    inputs: [random(10, dims), random(11, dims, 1 / Math.sqrt(width)), random(12, dims)],
    node: (g, inputs) =>
      g.node('com.microsoft.MultiHeadAttention', inputs, { num_heads: { int: 1 }, scale: 1 }),
    outputDims: dims,
    reference: ([q, k, v]) =>
      product(
        softmaxRows(product(q ?? none, k ?? none, length, width, length, true), length),
        v ?? none,
        length,
        length,
        width,
      ),
  };
}

const cases: readonly Case[] = [
  matMul('a product, by four columns', 'MatMul', 24, 2048, 32),
  matMul('a product, by single columns', 'MatMul', 17, 1023, 31),
  matMul('a product with few rows', 'MatMul', 4, 2048, 32),
  matMul('a small product', 'MatMulNaive', 12, 6, 7),
  gemm('a product with bias, by four columns', 20, 1280, 64),
  gemm('a product with bias, by single columns', 9, 321, 15),
  gemm('a product with a factor', 20, 640, 64, 0.5),
  convolution('a convolution, by four channels', 128, 32, 6),
  convolution('a convolution of colours', 3, 32, 6),
  convolution('a convolution into colours', 64, 3, 6),
  softmax('softmax over many', 3, 4096),
  softmax('softmax over an odd number', 3, 1001),
  attention('attention over many', 'FlashAttention', 256, 8),
  attention('attention over few', 'FlashAttentionDecodeQKV', 16, 8),
];

/** Relative error of rounding a result to float16 once or twice. */
const roundingError = 4.5e-4;

describe('sums of float16 values', () => {
  it.each(cases.map((each) => [each.name, each] as const))(
    'are exact except for rounding at the end: %s',
    async (_, each) => {
      const { kernel, inputs, reference } = each;
      const answer = await runNode(backend, 'float16', each);
      expect(relativeError(answer, reference(inputs.map(({ values }) => values)))).toBeLessThan(
        roundingError,
      );
      expect([...shaders.keys()]).toContain(kernel);
      for (const code of shaders.get(kernel) ?? []) {
        expect(withFloat32Sums(kernel, code).sums).toBe('widened');
      }
      expect(unknownShaders()).toEqual([]);
    },
  );

  it('are exact in the attention of devices without subgroups too', async () => {
    const opened = await backendFor('webgpu', { subgroups: false });
    try {
      watchShaders(opened.device);
      shaders.clear();
      const each = attention('', 'FlashAttention', 64, 4);
      const answer = await runNode(opened, 'float16', each);
      expect(relativeError(answer, each.reference(each.inputs.map(({ values }) => values)))).toBeLessThan(
        roundingError,
      );
      expect([...(shaders.get(each.kernel) ?? [])]).toEqual([expect.not.stringMatching(/subgroup/)]);
      expect(unknownShaders()).toEqual([]);
    } finally {
      opened.dispose();
    }
  });

  it('may exceed the range of float16 in between', async () => {
    const length = 1024;
    // Half of the terms add up to two million, the other half to minus two million.
    const there = Float32Array.from({ length }, (_, index) => (index < length / 2 ? 4000 : -4000));
    const ones = { dims: [length, 4], values: new Float32Array(4 * length).fill(1) };
    const answer = await runNode(backend, 'float16', {
      ...matMul('', '', 1, length, 4),
      inputs: [{ dims: [1, 1, length], values: there }, ones],
    });
    expect([...answer]).toEqual([0, 0, 0, 0]);
  });
});

describe('the networks', () => {
  it('use only kernels with known sums', async () => {
    const folder = await openCheckpointFolder('tests/golden/shapes/checkpoint');
    // Fused attention is covered above.
    const model = createModel(folder.parts, {
      ...backend.target,
      kernels: { ...backend.target.kernels, widestFusedHead: 0 },
    });
    const pipeline = new Pipeline(backend.compute, backend.runtime, model);
    const scope = new Scope();
    try {
      const picture = scope.own(backend.compute.empty([64, 64, 4], 'uint8'));
      const noise = scope.own(pipeline.noise([{ seed: 1, frame: 0, variant: 0 }], 64, 64));
      const embeds = scope.own(await pipeline.encode(picture));
      const latents = scope.own(await pipeline.denoise({ embeds, noise, steps: 1, guidanceScale: 4 }));
      scope.own(await pipeline.decode(latents));
    } finally {
      scope.dispose();
      await pipeline.release();
      await folder.close();
    }
    expect([...shaders.keys()]).toEqual(
      expect.arrayContaining(['Conv2dMM', 'Gemm', 'GroupNormStats', 'LayerNorm', 'Softmax']),
    );
    expect(unknownShaders()).toEqual([]);
  });
});

describe("the option sums: 'float16'", () => {
  it('leaves sums in float16, with a larger error', async () => {
    const opened = await backendFor('webgpu', { sums: 'float16' });
    try {
      const [each] = cases;
      if (!each) throw new Error('there are no cases');
      const error = relativeError(
        await runNode(opened, 'float16', each),
        each.reference(each.inputs.map(({ values }) => values)),
      );
      expect(error).toBeGreaterThan(4 * roundingError);
    } finally {
      opened.dispose();
    }
  });
});

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { CheckpointError } from '../../../src/base/index.ts';
import { createCpuCompute } from '../../../src/compute/index.ts';
import { encodeModel } from '../../../src/models/onnx/proto.ts';
import type { LazyBytes, OnnxModel } from '../../../src/runtime/index.ts';
import { float32Bytes } from '../../support/bytes.ts';
import { openCpuRuntime } from '../../support/cpu-runtime.ts';
import { failure } from '../../support/failure.ts';

const runtime = await openCpuRuntime();
const compute = createCpuCompute();

/** Too large to be embedded in the graph, at offsets that are not round. */
const width = 1000;
const [first, second] = [
  { name: 'first', offset: 64, values: Array.from({ length: width }, (_, i) => i) },
  { name: 'second', offset: 8128, values: Array.from({ length: width }, (_, i) => -2 * i) },
] as const;

/** y = x + first + second, with external weights in `data`. */
function sums(data: LazyBytes): OnnxModel {
  const node = { operator: 'Add', domain: '', attributes: [] };
  const graph = encodeModel({
    name: 'sums',
    nodes: [
      { ...node, name: 'a', inputs: ['x', 'first'], outputs: ['partial'] },
      { ...node, name: 'b', inputs: ['partial', 'second'], outputs: ['y'] },
    ],
    initializers: [first, second].map(({ name, offset }) => ({
      name,
      type: 'float32',
      dims: [width],
      content: { location: 'weights.bin', offset, length: 4 * width },
    })),
    inputs: [{ name: 'x', type: 'float32', dims: [width] }],
    outputs: [{ name: 'y', type: 'float32', dims: [width] }],
  });
  return { graph, weights: [{ location: 'weights.bin', data }] };
}

/** A file with only these two weights, and a record of the reads. */
function lazyFile(byteLength = second.offset + 4 * width) {
  const reads: [offset: number, length: number][] = [];
  return {
    reads,
    byteLength,
    read(offset: number, length: number) {
      reads.push([offset, length]);
      const found = [first, second].find((weight) => weight.offset === offset);
      if (found?.values.length !== length / 4) throw new Error('this is not a weight');
      return float32Bytes(...found.values);
    },
  };
}

async function runSums(data: LazyBytes): Promise<number[]> {
  const session = await runtime.createSession('sums', sums(data));
  try {
    const { y } = await session.run({ x: compute.upload(new Float32Array(width).fill(0.5), [width]) });
    return y?.device === 'cpu' ? [...y.data] : [];
  } finally {
    await session.release();
  }
}

describe('lazily read weights', () => {
  it('are each read whole and separately, and used by the network', async () => {
    const file = lazyFile();
    expect(await runSums(file)).toEqual(
      first.values.map((value, i) => 0.5 + value + (second.values[i] ?? 0)),
    );
    expect(file.reads.toSorted(([a], [b]) => a - b)).toEqual([
      [first.offset, 4 * width],
      [second.offset, 4 * width],
    ]);
  });

  it('that fail to read reject the session with that error, and later sessions work', async () => {
    const damaged = new CheckpointError('weight-not-finite', 'second holds no numbers.', {
      remedy: 'Get it again.',
      details: { tensor: 'second' },
    });
    const file = lazyFile();
    const failing: LazyBytes = {
      byteLength: file.byteLength,
      read(offset, length) {
        if (offset === second.offset) throw damaged;
        return file.read(offset, length);
      },
    };
    expect(await failure(runtime.createSession('sums', sums(failing)))).toBe(damaged);
    expect(runtime.liveSessions).toBe(0);
    expect(await runSums(file)).toHaveLength(width);
  });

  it('reject the session when their file is too short', async () => {
    const file = lazyFile(second.offset + 4 * width - 1);
    expect((await failure(runtime.createSession('sums', sums(file)))).code).toBe('session-failed');
  });
});

/**
 * One of the builds runs in this test, another in those on the GPU, the third only in browsers. All of them are read
 * here: if this fails after an update, see how its `externalData` is used now, and change `external-data.ts` with it.
 */
describe('ONNX Runtime Web', () => {
  const files = [
    'ort-wasm-simd-threaded.mjs',
    'ort-wasm-simd-threaded.asyncify.mjs',
    'ort-wasm-simd-threaded.jspi.mjs',
    'ort.wasm.bundle.min.mjs',
    'ort.webgpu.bundle.min.mjs',
    'ort.jspi.bundle.min.mjs',
  ];
  const folder = new URL('.', `file://${createRequire(import.meta.url).resolve('onnxruntime-web/wasm')}`);

  it.each(files)('checks the length of external data and takes one subarray of it: %s', async (file) => {
    const text = await readFile(new URL(file, folder), 'utf8');
    const reading =
      /[(,]([\w$]+)\+([\w$]+)>([\w$]+)\.byteLength\)return 3;(?:try\{(?:let|const|var) )?\s*[\w$]+=\3\.subarray\(\1,\1\+\2\)/g;
    expect(text.match(reading)).toHaveLength(1);
    // Mounted data is stored as given.
    expect(text).toMatch(/\.mountExternalData=\(([\w$]+),([\w$]+)\)=>\{.{0,80}\.set\(\1,\2\)\}/s);
  });

  it.each(files.slice(3))('mounts a Uint8Array without copying: %s', async (file) => {
    expect(await readFile(new URL(file, folder), 'utf8')).toMatch(
      /([\w$]+) instanceof Uint8Array\?\1:new Uint8Array\(\1\)/,
    );
  });
});

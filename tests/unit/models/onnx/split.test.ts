import { describe, expect, it } from 'vitest';
import { createCpuCompute } from '../../../../src/compute/index.ts';
import { checkOnnx, openOnnx } from '../../../../src/models/onnx/index.ts';
import { encodeModel } from '../../../../src/models/onnx/proto.ts';
import { memorySource } from '../../../../src/models/source.ts';
import type { ByteSource } from '../../../../src/models/types.ts';
import type { OnnxModel } from '../../../../src/runtime/index.ts';
import { openCpuRuntime } from '../../../support/cpu-runtime.ts';
import { failure } from '../../../support/failure.ts';
import { randomValues } from '../../../support/reference/parameters.ts';

const compute = createCpuCompute();
const width = 200;

/** y = (x·weight).reshape(1, width) + bias, with one long and several short weights in the file. */
const file = encodeModel({
  name: 'tower',
  nodes: [
    { operator: 'MatMul', domain: '', name: 'a', inputs: ['x', 'weight'], outputs: ['p'], attributes: [] },
    { operator: 'Reshape', domain: '', name: 'b', inputs: ['p', 'shape'], outputs: ['r'], attributes: [] },
    { operator: 'Add', domain: '', name: 'c', inputs: ['r', 'bias'], outputs: ['y'], attributes: [] },
  ],
  initializers: [
    {
      name: 'weight',
      type: 'float32',
      dims: [width, width],
      content: { inline: new Uint8Array(randomValues(1, width * width).buffer) },
    },
    {
      name: 'shape',
      type: 'int64',
      dims: [2],
      content: { inline: new Uint8Array(BigInt64Array.of(1n, BigInt(width)).buffer) },
    },
    {
      name: 'bias',
      type: 'float32',
      dims: [width],
      content: { inline: new Uint8Array(randomValues(2, width).buffer) },
    },
  ],
  inputs: [{ name: 'x', type: 'float32', dims: [1, width] }],
  outputs: [{ name: 'y', type: 'float32', dims: [1, width] }],
});

/** A file that is read synchronously, with a record of the reads. */
function onDisk(bytes: Uint8Array) {
  const source = memorySource('tower.onnx', bytes);
  const reads: number[] = [];
  return {
    reads,
    source: {
      ...source,
      read(offset: number, length: number, signal?: AbortSignal) {
        reads.push(length);
        return source.read(offset, length, signal);
      },
    },
  };
}

async function run(model: OnnxModel): Promise<unknown> {
  const runtime = await openCpuRuntime();
  const session = await runtime.createSession('tower', model);
  const { y } = await session.run({ x: compute.upload(randomValues(3, width), [1, width]) });
  await session.release();
  return y && (await compute.read([y]));
}

describe('openOnnx with embedded weights', () => {
  it('computes the same without loading the whole file into memory', async () => {
    const { source, reads } = onDisk(file);
    const whole = await openOnnx(source);
    expect(whole).toEqual({ graph: file, weights: [] });
    reads.length = 0;
    const split = await openOnnx(source, undefined, 1000);
    expect(split.graph.length).toBeLessThan(2000);
    expect(Math.max(...reads)).toBeLessThan(2 ** 16 + 1);
    expect(await run(split)).toEqual(await run(whole));
  });

  it('reads the whole file if it cannot be read synchronously', async () => {
    const source = memorySource('tower.onnx', file);
    const remote: ByteSource = {
      name: source.name,
      size: source.size,
      read: (offset, length) => source.read(offset, length),
    };
    expect(await openOnnx(remote, undefined, 1000)).toEqual({ graph: file, weights: [] });
  });

  it.each([
    ['cut short', file.slice(0, 100_000)],
    ['a web page', new TextEncoder().encode('<!doctype html>'.padEnd(5000, ' '))],
    ['unterminated varints', new Uint8Array(5000).fill(0xff)],
  ])('rejects a file that is %s', async (_, bytes) => {
    const { source } = onDisk(bytes);
    for (const attempt of [openOnnx(source, undefined, 1000), checkOnnx(source)]) {
      expect(await failure(attempt)).toMatchObject({
        name: 'ModelError',
        code: 'onnx-damaged',
        details: { file: 'tower.onnx' },
      });
    }
  });

  it('checkOnnx() reads only a few bytes, and rejects an empty file', async () => {
    const { source, reads } = onDisk(file);
    await checkOnnx(source);
    expect(reads.reduce((sum, length) => sum + length, 0)).toBeLessThan(file.length / 10);
    expect((await failure(checkOnnx(onDisk(new Uint8Array(0)).source))).code).toBe('onnx-damaged');
  });

  it('can be aborted', async () => {
    const signal = AbortSignal.abort();
    await expect(openOnnx(onDisk(file).source, signal, 1000)).rejects.toBe(signal.reason);
  });
});

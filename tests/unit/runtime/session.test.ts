import { afterEach, describe, expect, it } from 'vitest';
import { DeviceError, ModelError, isAbort } from '../../../src/base/index.ts';
import { createCpuCompute } from '../../../src/compute/index.ts';
import { encodeModel } from '../../../src/models/onnx/proto.ts';
import type { DataType, Node } from '../../../src/models/onnx/proto.ts';
import type { OnnxModel } from '../../../src/runtime/index.ts';
import { openCpuRuntime } from '../../support/cpu-runtime.ts';
import { float32Bytes } from '../../support/bytes.ts';
import { failure } from '../../support/failure.ts';

const runtime = await openCpuRuntime();
const compute = createCpuCompute();
const upload = (values: number[], dims: number[]) => compute.upload(Float32Array.from(values), dims);

afterEach(() => {
  expect(runtime.liveSessions).toBe(0);
});

function graph(
  nodes: readonly Pick<Node, 'operator' | 'inputs' | 'outputs'>[],
  inputs: readonly [name: string, type: DataType, dims: readonly (number | string)[]][],
  outputs: readonly [name: string, type: DataType, dims: readonly (number | string)[]][],
  external: readonly string[] = [],
): Uint8Array<ArrayBuffer> {
  const port = ([name, type, dims]: (typeof inputs)[number]) => ({ name, type, dims });
  return encodeModel({
    name: 'test',
    nodes: nodes.map((node, index) => ({ ...node, domain: '', name: `node_${index}`, attributes: [] })),
    initializers: external.map((name, index) => ({
      name,
      type: 'float32',
      dims: [2],
      content: { location: 'weights.bin', offset: 8 * index, length: 8 },
    })),
    inputs: inputs.map(port),
    outputs: outputs.map(port),
  });
}

/** sum = a + b + weight, product = a · b, over rows of 2. */
const arithmetic: OnnxModel = {
  graph: graph(
    [
      { operator: 'Add', inputs: ['a', 'b'], outputs: ['partial'] },
      { operator: 'Add', inputs: ['partial', 'weight'], outputs: ['sum'] },
      { operator: 'Mul', inputs: ['a', 'b'], outputs: ['product'] },
    ],
    [
      ['a', 'float32', ['rows', 2]],
      ['b', 'float32', ['rows', 2]],
    ],
    [
      ['sum', 'float32', ['rows', 2]],
      ['product', 'float32', ['rows', 2]],
    ],
    ['weight'],
  ),
  weights: [{ location: 'weights.bin', data: float32Bytes(100, 200) }],
};
const broken: OnnxModel = { graph: new Uint8Array([1, 2, 3]), weights: [] };

describe('a session', () => {
  it('lists its inputs and outputs, with dynamic dimensions as null', async () => {
    const session = await runtime.createSession('arithmetic', arithmetic);
    expect(session.inputs).toEqual([
      { name: 'a', type: 'float32', dims: [null, 2] },
      { name: 'b', type: 'float32', dims: [null, 2] },
    ]);
    expect(session.outputs.map(({ name }) => name)).toEqual(['sum', 'product']);
    await session.release();
  });

  it('reads its weights from outside the graph', async () => {
    const session = await runtime.createSession('arithmetic', arithmetic);
    const results = await session.run({ a: upload([1, 2, 3, 4], [2, 2]), b: upload([5, 6, 7, 8], [2, 2]) });
    const [sum, product] = await compute.read(
      ['sum', 'product'].flatMap((name) => {
        const result = results[name];
        return result ? [result] : [];
      }),
    );
    expect([...(sum ?? [])]).toEqual([106, 208, 110, 212]);
    expect([...(product ?? [])]).toEqual([5, 12, 21, 32]);
    await session.release();
  });

  it('writes into the given output tensors, and allocates the others', async () => {
    const session = await runtime.createSession('arithmetic', arithmetic);
    const sum = compute.empty([1, 2], 'float32');
    const results = await session.run({ a: upload([1, 2], [1, 2]), b: upload([3, 4], [1, 2]) }, { sum });
    expect(results['sum']).toBe(sum);
    expect(results['product']).not.toBe(sum);
    const [written] = await compute.read([sum]);
    expect([...(written ?? [])]).toEqual([104, 206]);
    await session.release();
  });

  it('rejects an output tensor of another shape', async () => {
    const session = await runtime.createSession('arithmetic', arithmetic);
    const feeds = { a: upload([1, 2], [1, 2]), b: upload([3, 4], [1, 2]) };
    for (const dims of [[2, 2], [1], [2]]) {
      const error = await failure(session.run(feeds, { sum: compute.empty(dims, 'float32') }));
      expect(error.code).toBe('run-failed');
    }
    await session.release();
  });

  it('can be run concurrently', async () => {
    const session = await runtime.createSession('arithmetic', arithmetic);
    const one = (value: number) => session.run({ a: upload([value, 0], [1, 2]), b: upload([0, 0], [1, 2]) });
    const results = await Promise.all([one(1), one(2), one(3)]);
    const sums = results.map(({ sum }) => (sum?.device === 'cpu' ? sum.data[0] : undefined));
    expect(sums).toEqual([101, 102, 103]);
    await session.release();
  });

  it('whose run fails reports its inputs, and can run again', async () => {
    const session = await runtime.createSession('arithmetic', arithmetic);
    const b = upload([5, 6], [1, 2]);
    const error = await failure(session.run({ a: upload([1, 2, 3], [1, 3]), b }));
    expect(error).toBeInstanceOf(DeviceError);
    expect(error.code).toBe('run-failed');
    expect(error.message).toContain('"arithmetic"');
    expect(error.details).toMatchObject({
      name: 'arithmetic',
      fed: 'a float32[1, 3]; b float32[1, 2]',
    });
    expect(error.details['reason']).not.toBe('');

    expect((await failure(session.run({ b }))).code).toBe('run-failed');
    const { sum } = await session.run({ a: b, b });
    expect(sum?.dims).toEqual([1, 2]);
    await session.release();
  });

  it('takes tokens, which are int64', async () => {
    const cast = encodeModel({
      name: 'cast',
      nodes: [
        {
          operator: 'Cast',
          domain: '',
          name: 'cast',
          inputs: ['ids'],
          outputs: ['floats'],
          attributes: [{ name: 'to', int: 1 }],
        },
      ],
      initializers: [],
      inputs: [{ name: 'ids', type: 'int64', dims: ['batch'] }],
      outputs: [{ name: 'floats', type: 'float32', dims: ['batch'] }],
    });
    const session = await runtime.createSession('tokens', { graph: cast, weights: [] });
    expect(session.inputs).toEqual([{ name: 'ids', type: 'int64', dims: [null] }]);
    const data = BigInt64Array.of(49406n, 7n, 49407n);
    const { floats } = await session.run({ ids: { device: 'memory', type: 'int64', dims: [3], data } });
    expect(floats?.device === 'cpu' && [...floats.data]).toEqual([49406, 7, 49407]);
    await session.release();
  });

  it('is released once, however often release() is called', async () => {
    const first = await runtime.createSession('first', arithmetic);
    const second = await runtime.createSession('second', arithmetic);
    expect(runtime.liveSessions).toBe(2);
    await Promise.all([first.release(), first.release()]);
    await first.release();
    expect(runtime.liveSessions).toBe(1);
    await second.release();
    expect(runtime.liveSessions).toBe(0);
  });

  it('does not run after release', async () => {
    const session = await runtime.createSession('arithmetic', arithmetic);
    await session.release();
    const a = upload([1, 2], [1, 2]);
    const error = await failure(session.run({ a, b: a }));
    expect({ code: error.code, name: error.details['name'] }).toEqual({
      code: 'run-failed',
      name: 'arithmetic',
    });
  });

  it('is released only after its current run', async () => {
    const session = await runtime.createSession('arithmetic', arithmetic);
    const run = session.run({ a: upload([1, 2], [1, 2]), b: upload([3, 4], [1, 2]) });
    const release = session.release();
    expect((await run)['sum']?.dims).toEqual([1, 2]);
    await release;
  });
});

describe('a session that cannot be created', () => {
  it('is named in the error and does not block the next', async () => {
    const failing = failure(runtime.createSession('broken', broken));
    const next = runtime.createSession('arithmetic', arithmetic);
    const error = await failing;
    expect(error).toBeInstanceOf(ModelError);
    expect({ code: error.code, name: error.details['name'] }).toEqual({
      code: 'session-failed',
      name: 'broken',
    });
    await (await next).release();
  });

  it('because its weights are missing', async () => {
    const error = await failure(runtime.createSession('bare', { ...arithmetic, weights: [] }));
    expect(error.code).toBe('session-failed');
  });

  it('because of an output type that Drift does not support leaks nothing', async () => {
    const bytes = graph(
      [{ operator: 'IsNaN', inputs: ['a'], outputs: ['truths'] }],
      [['a', 'float32', [2]]],
      [['truths', 'int64', [2]]],
    );
    // Changes the output's type from int64 (7) to bool (9); it is the last such byte.
    bytes[bytes.lastIndexOf(7, bytes.lastIndexOf(0x12))] = 9;
    const error = await failure(runtime.createSession('boolean', { graph: bytes, weights: [] }));
    expect({ code: error.code, type: error.details['type'] }).toEqual({ code: 'tensor-type', type: 'bool' });
  });

  it('because it was aborted while waiting or while being created', async () => {
    const early = new AbortController();
    const late = new AbortController();
    const first = runtime.createSession('first', arithmetic, late.signal);
    const second = runtime.createSession('second', arithmetic, early.signal);
    early.abort();
    await expect(second).rejects.toSatisfy(isAbort);
    late.abort();
    await expect(first).rejects.toSatisfy(isAbort);
    await expect(runtime.createSession('third', arithmetic, late.signal)).rejects.toSatisfy(isAbort);
    // Earlier operations are finished when a later one resolves.
    const next = await runtime.createSession('next', arithmetic);
    await next.release();
  });
});

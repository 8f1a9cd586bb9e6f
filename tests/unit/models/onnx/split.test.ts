import { PbfWriter } from 'pbf';
import { describe, expect, it } from 'vitest';
import { float32ToFloat16 } from '../../../../src/base/index.ts';
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
    const split = await openOnnx(source, { longestWhole: 1000 });
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
    expect(await openOnnx(remote, { longestWhole: 1000 })).toEqual({ graph: file, weights: [] });
  });

  it.each([
    ['cut short', file.slice(0, 100_000)],
    ['a web page', new TextEncoder().encode('<!doctype html>'.padEnd(5000, ' '))],
    ['unterminated varints', new Uint8Array(5000).fill(0xff)],
  ])('rejects a file that is %s', async (_, bytes) => {
    const { source } = onDisk(bytes);
    for (const attempt of [openOnnx(source, { longestWhole: 1000 }), checkOnnx(source)]) {
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
    await expect(openOnnx(onDisk(file).source, { signal, longestWhole: 1000 })).rejects.toBe(signal.reason);
  });
});

/** Elements of the vectors in `halvesFile`; its matrix is long enough to be read lazily. */
const length = 40;
const [float16, float32] = [10, 1];

type Message = (pbf: PbfWriter) => void;
const message = (pbf: PbfWriter, field: number, write: Message) => {
  pbf.writeMessage(
    field,
    (_, nested) => {
      write(nested);
    },
    null,
  );
};
const bitsOf = (values: readonly number[]) => [...float32ToFloat16(Float32Array.from(values))];
const filled = (value: number) => Array.from({ length }, () => value);

/** A tensor of float16, with its values in one of the three ways that ONNX has for them. */
function halves(
  name: string,
  dims: readonly number[],
  values: readonly number[],
  stored: 'bytes' | 'packed numbers' | 'numbers',
): Message {
  return (pbf) => {
    for (const dim of dims) pbf.writeVarintField(1, dim);
    pbf.writeVarintField(2, float16);
    const bits = bitsOf(values);
    if (stored === 'numbers') for (const each of bits) pbf.writeVarintField(5, each);
    if (stored === 'packed numbers') pbf.writePackedVarint(5, bits);
    pbf.writeStringField(8, name);
    if (stored === 'bytes') pbf.writeBytesField(9, new Uint8Array(Uint16Array.from(bits).buffer));
  };
}

interface NodeParts {
  readonly operator: string;
  readonly inputs?: readonly string[];
  readonly output: string;
  readonly attributes?: Readonly<Record<string, Message>>;
}

const node =
  ({ operator, inputs = [], output, attributes = {} }: NodeParts): Message =>
  (pbf) => {
    for (const input of inputs) pbf.writeStringField(1, input);
    pbf.writeStringField(2, output);
    // After the attributes, which some programs write first.
    for (const [name, write] of Object.entries(attributes)) {
      message(pbf, 5, (attribute) => {
        write(attribute);
        attribute.writeStringField(1, name);
      });
    }
    pbf.writeStringField(4, operator);
  };

const type =
  (to: number): Message =>
  (pbf) => {
    pbf.writeVarintField(3, to);
    pbf.writeVarintField(20, 2);
  };

const constant = (output: string, value: number): Message =>
  node({
    operator: 'Constant',
    output,
    attributes: {
      value: (pbf) => {
        message(pbf, 5, halves('', [length], filled(value), 'bytes'));
        pbf.writeVarintField(20, 4);
      },
    },
  });

const declared =
  (name: string, dims: readonly number[], element: number): Message =>
  (pbf) => {
    pbf.writeStringField(1, name);
    message(pbf, 2, (of) => {
      message(of, 1, (tensor) => {
        tensor.writeVarintField(1, element);
        message(tensor, 2, (shape) => {
          for (const dim of dims) {
            message(shape, 1, (each) => {
              each.writeVarintField(1, dim);
            });
          }
        });
      });
    });
  };

const branch =
  (value: number): Message =>
  (pbf) => {
    message(pbf, 6, (graph) => {
      message(graph, 1, constant(`chosen ${value}`, value));
      graph.writeStringField(2, 'branch');
      message(graph, 12, declared(`chosen ${value}`, [length], float16));
    });
    pbf.writeVarintField(20, 5);
  };

/** float16 y = x·matrix + 1 + 2 + 4 + 8 + 16, each stored in another way, with casts to float32 and back. */
function halvesFile(): Uint8Array<ArrayBuffer> {
  const matrix = Array.from({ length: length * length }, (_, i) => (i % 7) / 8);
  const terms = ['bytes', 'packed', 'numbers', 'constant', 'branch'];
  const pbf = new PbfWriter();
  pbf.writeVarintField(1, 10);
  message(pbf, 7, (graph) => {
    message(graph, 1, node({ operator: 'MatMul', inputs: ['x', 'matrix'], output: 'sum 0' }));
    message(graph, 1, constant('constant', 8));
    message(
      graph,
      1,
      node({
        operator: 'If',
        inputs: ['condition'],
        output: 'branch',
        attributes: { then_branch: branch(16), else_branch: branch(32) },
      }),
    );
    for (const [index, term] of terms.entries()) {
      message(
        graph,
        1,
        node({ operator: 'Add', inputs: [`sum ${index}`, term], output: `sum ${index + 1}` }),
      );
    }
    message(
      graph,
      1,
      node({ operator: 'Cast', inputs: ['sum 5'], output: 'wide', attributes: { to: type(float32) } }),
    );
    message(
      graph,
      1,
      node({ operator: 'Cast', inputs: ['wide'], output: 'y', attributes: { to: type(float16) } }),
    );
    graph.writeStringField(2, 'halves');
    message(graph, 5, halves('matrix', [length, length], matrix, 'bytes'));
    message(graph, 5, halves('bytes', [length], filled(1), 'bytes'));
    message(graph, 5, halves('packed', [length], filled(2), 'packed numbers'));
    message(graph, 5, halves('numbers', [length], filled(4), 'numbers'));
    message(graph, 5, (tensor) => {
      tensor.writeVarintField(2, 9);
      tensor.writeStringField(8, 'condition');
      tensor.writeBytesField(9, Uint8Array.of(1));
    });
    message(graph, 11, declared('x', [1, length], float16));
    message(graph, 12, declared('y', [1, length], float16));
    message(graph, 13, declared('sum 5', [1, length], float16));
  });
  message(pbf, 8, (opset) => {
    opset.writeStringField(1, '');
    opset.writeVarintField(2, 17);
  });
  return new Uint8Array(pbf.finish());
}

describe('openOnnx in float32', () => {
  const x = Float32Array.from({ length }, (_, i) => i / 4);
  const expected = Array.from({ length }, (_, column) =>
    x.reduce((sum, value, row) => sum + (value * ((row * length + column) % 7)) / 8, 31),
  );

  it.each([
    ['read lazily', 1000],
    ['read whole', undefined],
  ])('converts float16 wherever it is stored, in a file %s', async (_, longestWhole) => {
    const { source } = onDisk(halvesFile());
    const model = await openOnnx(source, { type: 'float32', ...(longestWhole ? { longestWhole } : {}) });
    const runtime = await openCpuRuntime();
    const session = await runtime.createSession('halves', model);
    expect(session.inputs).toEqual([{ name: 'x', type: 'float32', dims: [1, length] }]);
    expect(session.outputs).toEqual([{ name: 'y', type: 'float32', dims: [1, length] }]);
    const { y } = await session.run({ x: compute.upload(x, [1, length]) });
    // Sums of eighths: exact in float32, and beyond the eleven bits of float16.
    expect(y && (await compute.read([y]))).toEqual([Float32Array.from(expected)]);
    await session.release();
  });

  it('leaves a file without float16 as it is', async () => {
    const { source } = onDisk(file);
    expect(await openOnnx(source, { type: 'float32' })).toEqual({ graph: file, weights: [] });
    const lazily = await openOnnx(source, { longestWhole: 1000 });
    const again = await openOnnx(source, { type: 'float32', longestWhole: 1000 });
    expect(again.graph).toEqual(lazily.graph);
    expect(again.weights.map(({ location }) => location)).toEqual(['model.onnx']);
  });
});

import { describe, expect, it } from 'vitest';
import { openSafetensors } from '../../../../src/models/checkpoint/index.ts';
import { memorySource } from '../../../../src/models/source.ts';
import { concat, float32Bytes, sparseSource, uint, utf8 } from '../../../support/bytes.ts';
import { failure } from '../../../support/failure.ts';
import { safetensorsBytes, safetensorsFile } from '../../../support/safetensors-file.ts';

const open = (bytes: Uint8Array) => openSafetensors(memorySource('weights.safetensors', bytes));
const entry = (dtype: string, shape: unknown, data_offsets: unknown) => ({ dtype, shape, data_offsets });

describe('openSafetensors', () => {
  it('reads float tensors of every type as float32', async () => {
    const checkpoint = await open(
      safetensorsFile([
        { name: 'f16', dtype: 'F16', shape: [3], data: Uint8Array.of(0, 0x3c, 0, 0xc0, 1, 0) },
        { name: 'f32', dtype: 'F32', shape: [2, 1], data: float32Bytes(1.5, -0.1) },
        { name: 'bf16', dtype: 'BF16', shape: [1], data: Uint8Array.of(0x49, 0xc0) },
        {
          name: 'f64',
          dtype: 'F64',
          shape: [2],
          data: new Uint8Array(Float64Array.of(1 / 3, -1e-40).buffer),
        },
        { name: 'scalar', dtype: 'F32', shape: [], data: float32Bytes(7) },
        { name: 'nothing', dtype: 'F32', shape: [0, 4], data: new Uint8Array(0) },
      ]),
    );
    expect([...checkpoint.tensors.values()]).toEqual([
      { name: 'f16', dims: [3], type: 'float16' },
      { name: 'f32', dims: [2, 1], type: 'float32' },
      { name: 'bf16', dims: [1], type: 'bfloat16' },
      { name: 'f64', dims: [2], type: 'float64' },
      { name: 'scalar', dims: [], type: 'float32' },
      { name: 'nothing', dims: [0, 4], type: 'float32' },
    ]);
    expect([...(await checkpoint.read('f16'))]).toEqual([1, -2, 2 ** -24]);
    expect([...(await checkpoint.read('f32'))]).toEqual([1.5, Math.fround(-0.1)]);
    expect([...(await checkpoint.read('bf16'))]).toEqual([-3.140625]);
    expect([...(await checkpoint.read('f64'))]).toEqual([Math.fround(1 / 3), Math.fround(-1e-40)]);
    expect([...(await checkpoint.read('scalar'))]).toEqual([7]);
    expect(await checkpoint.read('nothing')).toHaveLength(0);
  });

  it('skips tensors of other types', async () => {
    const checkpoint = await open(
      safetensorsFile([
        { name: 'position_ids', dtype: 'I64', shape: [1, 2], data: new Uint8Array(16) },
        { name: 'mask', dtype: 'BOOL', shape: [3], data: new Uint8Array(3) },
        { name: 'packed', dtype: 'F4', shape: [4], data: new Uint8Array(2) },
        { name: 'weight', dtype: 'F32', shape: [1], data: float32Bytes(4) },
      ]),
    );
    expect([...checkpoint.tensors.keys()]).toEqual(['weight']);
    expect([...(await checkpoint.read('weight'))]).toEqual([4]);
  });

  it('reads only the bytes of the requested tensor', async () => {
    const bytes = safetensorsFile([
      { name: 'a', dtype: 'F32', shape: [100], data: new Uint8Array(400) },
      { name: 'b', dtype: 'F32', shape: [2], data: float32Bytes(1, 2) },
      { name: 'c', dtype: 'F32', shape: [100], data: new Uint8Array(400) },
    ]);
    const source = sparseSource('w', bytes.length, [{ at: 0, bytes }]);
    const checkpoint = await openSafetensors(source);
    source.reads.length = 0;
    expect([...(await checkpoint.read('b'))]).toEqual([1, 2]);
    expect(source.reads).toEqual([{ offset: bytes.length - 408, length: 8 }]);
  });

  it('supports files larger than 4 GB', async () => {
    const large = 2 ** 29;
    const names = Array.from({ length: 9 }, (_, i) => `large${i}`);
    const end = names.length * large;
    const header = utf8(
      JSON.stringify({
        ...Object.fromEntries(
          names.map((name, i) => [name, entry('F16', [2 ** 28], [i * large, (i + 1) * large])]),
        ),
        last: entry('F32', [2], [end, end + 8]),
      }),
    );
    const start = 8 + header.length;
    const source = sparseSource('large', start + end + 8, [
      { at: 0, bytes: concat(uint(8, header.length), header) },
      { at: start + end, bytes: float32Bytes(3, 4) },
    ]);
    const checkpoint = await openSafetensors(source);
    expect([...(await checkpoint.read('last'))]).toEqual([3, 4]);
  });

  it('returns a copy of the values', async () => {
    const bytes = safetensorsFile([{ name: 'a', dtype: 'F32', shape: [1], data: float32Bytes(5) }]);
    const checkpoint = await open(bytes);
    (await checkpoint.read('a')).fill(0);
    expect([...(await checkpoint.read('a'))]).toEqual([5]);
  });

  it('reads from a source with unaligned bytes', async () => {
    const bytes = safetensorsFile([
      { name: 'f64', dtype: 'F64', shape: [1], data: new Uint8Array(Float64Array.of(0.5).buffer) },
      { name: 'f32', dtype: 'F32', shape: [2], data: float32Bytes(1, 2) },
      { name: 'f16', dtype: 'F16', shape: [1], data: Uint8Array.of(0, 0x3c) },
    ]);
    const checkpoint = await openSafetensors({
      name: 'odd',
      size: bytes.length,
      read: (offset, length) =>
        Promise.resolve(concat(Uint8Array.of(9), bytes.subarray(offset, offset + length)).subarray(1)),
    });
    expect([...(await checkpoint.read('f64'))]).toEqual([0.5]);
    expect([...(await checkpoint.read('f32'))]).toEqual([1, 2]);
    expect([...(await checkpoint.read('f16'))]).toEqual([1]);
  });

  it('can be aborted', async () => {
    const bytes = safetensorsFile([{ name: 'a', dtype: 'F32', shape: [1], data: float32Bytes(5) }]);
    const stopped = AbortSignal.abort();
    await expect(openSafetensors(memorySource('w', bytes), stopped)).rejects.toBe(stopped.reason);
    await expect((await open(bytes)).read('a', stopped)).rejects.toBe(stopped.reason);
  });

  it('names the file and the missing tensor in the error', async () => {
    const checkpoint = await open(safetensorsFile([]));
    const error = await failure(checkpoint.read('conv_in.weight'));
    expect(error).toMatchObject({
      name: 'CheckpointError',
      code: 'tensor-missing',
      details: { file: 'weights.safetensors', tensor: 'conv_in.weight' },
    });
    expect(error.message).toContain('conv_in.weight');
  });
});

describe('openSafetensors rejects a file', () => {
  const one = entry('F32', [2], [0, 8]);
  const eight = new Uint8Array(8);
  const prefixed = (length: bigint, rest: Uint8Array) => {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, length, true);
    return concat(bytes, rest);
  };
  const header = (value: unknown, data = eight) => safetensorsBytes(value, data);

  const faults: [name: string, bytes: Uint8Array, code: string, details?: Record<string, unknown>][] = [
    ['is empty', new Uint8Array(0), 'truncated', { missing: 8 }],
    ['is shorter than its length field', new Uint8Array(7), 'truncated', { missing: 1 }],
    ['claims a header of 2^63 bytes', prefixed(2n ** 63n, utf8('{}')), 'header-too-long'],
    ['claims a header of 100 MB and a byte', prefixed(100_000_001n, utf8('{}')), 'header-too-long'],
    ['claims a header past its end', prefixed(10n, utf8('{}')), 'truncated', { missing: 8 }],
    ['has a header that is not UTF-8', prefixed(2n, Uint8Array.of(0x7b, 0xff)), 'header-damaged'],
    ['has a header that is not JSON', header('{"a": '), 'header-damaged'],
    ['has a header nested too deeply', header('{"a":'.repeat(100_000)), 'header-damaged'],
    [
      'has a tensor that nests deeply',
      header(`{"a":${'['.repeat(1e6)}${']'.repeat(1e6)}}`),
      'header-damaged',
    ],
    ['has a header that is an array', header([one]), 'header-damaged'],
    ['has a header that is null', header('null'), 'header-damaged'],
    ['has a header that begins with a space', header(` ${JSON.stringify({ a: one })}`), 'header-damaged'],
    ['has a tensor without dtype', header({ a: { shape: [2], data_offsets: [0, 8] } }), 'header-damaged'],
    ['has a tensor that is a number', header({ a: 3 }), 'header-damaged', { tensor: 'a' }],
    [
      'names a tensor twice',
      header(`{"a": ${JSON.stringify(one)}, "a": ${JSON.stringify(one)}}`),
      'duplicate-name',
      { key: 'a' },
    ],
    [
      'names a tensor twice, once with escapes',
      header(String.raw`{"a}\"{": ${JSON.stringify(one)}, "\u0061}\"{" : ${JSON.stringify(one)}}`),
      'duplicate-name',
    ],
    [
      'gives a tensor two shapes',
      header('{"a": {"dtype":"F32","shape":[2],"shape":[1],"data_offsets":[0,8]}}'),
      'duplicate-name',
      { key: 'shape' },
    ],
    ['has a tensor __proto__', header(`{"__proto__": ${JSON.stringify(one)}}`), 'odd-name'],
    ['has a tensor constructor', header({ constructor: one }), 'odd-name'],
    ['has an unknown type', header({ a: entry('F128', [1], [0, 8]) }), 'type-unknown', { type: 'F128' }],
    ['has offsets with fractions', header({ a: entry('F32', [2], [0, 8.5]) }), 'header-damaged'],
    ['has negative offsets', header({ a: entry('F32', [2], [-8, 0]) }), 'header-damaged'],
    ['has one offset', header({ a: entry('F32', [2], [8]) }), 'header-damaged'],
    ['has three offsets', header({ a: entry('F32', [2], [0, 8, 8]) }), 'header-damaged'],
    ['has offsets beyond the safe integers', header({ a: entry('F32', [2], [0, 1e300]) }), 'header-damaged'],
    ['has offsets in reverse', header({ a: entry('F32', [2], [8, 0]) }), 'header-lies'],
    ['has a tensor of another length', header({ a: entry('F32', [3], [0, 8]) }), 'header-lies'],
    ['has a tensor of another type', header({ a: entry('F16', [2], [0, 8]) }), 'header-lies'],
    ['has a skipped tensor of another length', header({ a: entry('I64', [2], [0, 8]) }), 'header-lies'],
    ['has negative dims', header({ a: entry('F32', [-1, -2], [0, 8]) }), 'header-damaged'],
    ['has dims that overflow', header({ a: entry('F32', [2 ** 40, 2 ** 40], [0, 8]) }), 'too-large'],
    ['has a hundred dims', header({ a: entry('F32', Array(100).fill(1), [0, 4]) }, eight), 'too-large'],
    ['has bytes of no tensor', header({ a: one }, new Uint8Array(9)), 'header-lies', { excess: 1 }],
    ['is cut short', header({ a: one }, new Uint8Array(5)), 'truncated', { missing: 3, tensor: 'a' }],
    [
      'has tensors that overlap',
      header({ a: one, b: entry('F32', [2], [4, 12]) }, new Uint8Array(12)),
      'overlap',
      { tensor: 'b', before: 'a' },
    ],
    ['has two tensors at the same offset', header({ a: one, b: one }), 'overlap'],
    [
      'has a gap',
      header({ a: one, b: entry('F32', [1], [12, 16]) }, new Uint8Array(16)),
      'overlap',
      { tensor: 'b' },
    ],
    ['has a gap before the first tensor', header({ a: entry('F32', [1], [4, 8]) }), 'overlap'],
  ];

  it.each(faults)('that %s', async (_, bytes, code, details = {}) => {
    const error = await failure(open(bytes));
    expect(error).toMatchObject({ name: 'CheckpointError', code });
    expect(error.details).toMatchObject({ file: 'weights.safetensors', ...details });
    expect(error.message).toContain('weights.safetensors');
    expect(error.remedy).not.toBe('');
  });
});

import { readFile } from 'node:fs/promises';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { openCheckpoint, openTorch } from '../../../../src/models/checkpoint/index.ts';
import { memorySource } from '../../../../src/models/source.ts';
import type { Checkpoint } from '../../../../src/models/types.ts';
import { concat, float32Bytes, sparseSource } from '../../../support/bytes.ts';
import { failure } from '../../../support/failure.ts';
import { op, py, storageOps, tensorOps, torchRecords } from '../../../support/torch-file.ts';
import type { Ops, StorageSpec, TensorSpec } from '../../../support/torch-file.ts';
import { zipFile, zipSegments } from '../../../support/zip-file.ts';
import type { ZipOptions } from '../../../support/zip-file.ts';

const fixture = (name: string) => new URL(`../../../fixtures/torch/${name}`, import.meta.url);
/** A fixture written by an old and by a new version of PyTorch; only one has a safetensors file. */
const inBoth = (name: string) =>
  (name.endsWith('.safetensors') ? ['2.13'] : ['1.13', '2.13']).map((version) => `${version}/${name}`);
const openFixture = async (name: string) => openCheckpoint(memorySource(name, await readFile(fixture(name))));

const expectedSchema = v.record(
  v.string(),
  v.object({ dims: v.array(v.number()), values: v.array(v.number()) }),
);

/** Opens a state dict, pickled and archived like PyTorch does. */
function openWritten(
  state: Ops,
  storages: Readonly<Record<string, Uint8Array>>,
  options: ZipOptions & { prefix?: string; byteOrder?: string | null } = {},
): Promise<Checkpoint> {
  const files = torchRecords(py.pickle(state), storages, options);
  return openTorch(memorySource('model.bin', zipFile(files, { alignment: 64, ...options })));
}

const six: StorageSpec = { key: '0', className: 'FloatStorage', count: 6 };
const sixBytes = float32Bytes(0, 1, 2, 3, 4, 5);
const oneTensor = (spec: TensorSpec) => py.orderedDict([py.string('w'), tensorOps(spec)]);
const openSix = (spec: Partial<TensorSpec>) =>
  openWritten(oneTensor({ storage: six, dims: [6], strides: [1], ...spec }), { 0: sixBytes });

describe('openTorch with a file written by PyTorch', () => {
  it.each(['small.bin', 'repacked.bin', 'small.safetensors'].flatMap(inBoth))(
    'reads the same values as PyTorch: %s',
    async (name) => {
      const expected = v.parse(
        expectedSchema,
        JSON.parse(await readFile(fixture('2.13/expected.json'), 'utf8')),
      );
      const checkpoint = await openFixture(name);
      expect([...checkpoint.tensors.keys()].toSorted()).toEqual(Object.keys(expected).toSorted());
      for (const [tensor, { dims, values }] of Object.entries(expected)) {
        expect(checkpoint.tensors.get(tensor)?.dims, tensor).toEqual(dims);
        expect([...(await checkpoint.read(tensor))], tensor).toEqual(values);
        expect([...(checkpoint.readSync?.(tensor) ?? [])], tensor).toEqual(values);
      }
      expect(checkpoint.tensors.get('half')?.type).toBe('float16');
      expect(checkpoint.tensors.get('bfloat16')?.type).toBe('bfloat16');
      expect(checkpoint.tensors.get('double')?.type).toBe('float64');
    },
  );

  it.each(['training.bin', 'protocol4.bin'].flatMap(inBoth))(
    'reads the weights in a training checkpoint: %s',
    async (name) => {
      const checkpoint = await openFixture(name);
      const dims = Object.fromEntries([...checkpoint.tensors].map(([tensor, entry]) => [tensor, entry.dims]));
      expect(dims).toEqual({
        '0.weight': [3, 2, 3, 3],
        '0.bias': [3],
        '1.weight': [3],
        '1.bias': [3],
        '1.running_mean': [3],
        '1.running_var': [3],
      });
      expect([...(await checkpoint.read('1.running_var'))]).toEqual([1, 1, 1]);
      const weight = await checkpoint.read('0.weight');
      // PyTorch initialises them uniformly in ±1/√18.
      expect(Math.max(...weight.map(Math.abs))).toBeLessThan(1 / Math.sqrt(18));
      expect(new Set(weight).size).toBe(54);
    },
  );

  it.each(inBoth('os-system.bin'))(
    'rejects a pickle that imports a shell command, naming it without running it: %s',
    async (name) => {
      const error = await failure(openFixture(name));
      expect(error).toMatchObject({
        name: 'CheckpointError',
        code: 'pickle-global',
        details: { file: name, global: 'posix.system' },
      });
      expect(error.message).toContain('posix.system');
      expect(error.remedy).toContain('safetensors');
    },
  );

  it.each(inBoth('legacy.bin'))(
    'rejects the format from before PyTorch 1.6, with a remedy: %s',
    async (name) => {
      const error = await failure(openFixture(name));
      expect(error).toMatchObject({ name: 'CheckpointError', code: 'legacy-torch' });
      expect(error.remedy).toContain('newer PyTorch');
    },
  );
});

describe('tensors in a storage', () => {
  it.each<[string, Partial<TensorSpec>, number[]]>([
    ['whole', {}, [0, 1, 2, 3, 4, 5]],
    ['from an offset', { offset: 2, dims: [2, 2], strides: [2, 1] }, [2, 3, 4, 5]],
    ['transposed', { dims: [3, 2], strides: [1, 3] }, [0, 3, 1, 4, 2, 5]],
    ['every other', { offset: 1, dims: [3], strides: [2] }, [1, 3, 5]],
    ['expanded', { offset: 4, dims: [2, 3], strides: [1, 0] }, [4, 4, 4, 5, 5, 5]],
    ['three axes in another order', { dims: [2, 1, 3], strides: [1, 99, 2] }, [0, 2, 4, 1, 3, 5]],
    ['with an axis of length 1 of any stride', { dims: [1, 6], strides: [0, 1] }, [0, 1, 2, 3, 4, 5]],
    ['a window that overlaps itself', { dims: [3, 2], strides: [1, 1] }, [0, 1, 1, 2, 2, 3]],
    ['one value', { offset: 5, dims: [], strides: [] }, [5]],
    ['no values, at the end', { offset: 6, dims: [0], strides: [1] }, []],
  ])('are read in row-major order: %s', async (_, spec, values) => {
    const checkpoint = await openSix(spec);
    expect(checkpoint.tensors.get('w')?.dims).toEqual(spec.dims ?? [6]);
    expect([...(await checkpoint.read('w'))]).toEqual(values);
  });

  it('are read without the rest of the storage or the file', async () => {
    const storage = { key: '0', className: 'FloatStorage', count: 1_000_000 };
    const bytes = zipFile(
      torchRecords(py.pickle(oneTensor({ storage, offset: 500_000, dims: [2, 2], strides: [2, 1] })), {
        0: new Uint8Array(4_000_000),
        1: new Uint8Array(1000),
      }),
      { alignment: 64 },
    );
    const source = sparseSource('model.bin', bytes.length, [{ at: 0, bytes }]);
    const checkpoint = await openTorch(source);
    source.reads.length = 0;
    await checkpoint.read('w');
    expect(source.reads.reduce((sum, { length }) => sum + length, 0)).toBeLessThan(1000);
    source.reads.length = 0;
    await checkpoint.read('w');
    expect(source.reads.map(({ length }) => length)).toEqual([16]);
  });

  it('are read from big-endian files', async () => {
    const big = new Uint8Array(24);
    for (let i = 0; i < 6; i++) new DataView(big.buffer).setFloat32(4 * i, i / 3, false);
    const state = oneTensor({ storage: six, dims: [2, 3], strides: [3, 1] });
    const checkpoint = await openWritten(state, { 0: big }, { byteOrder: 'big' });
    expect([...(await checkpoint.read('w'))]).toEqual([...new Float32Array(6).map((_, i) => i / 3)]);
    const half = py.orderedDict([
      py.string('h'),
      tensorOps({ storage: { key: '0', className: 'HalfStorage', count: 2 }, dims: [2], strides: [1] }),
    ]);
    const halves = await openWritten(half, { 0: Uint8Array.of(0x3c, 0, 0xc0, 0) }, { byteOrder: 'big' });
    expect([...(await halves.read('h'))]).toEqual([1, -2]);
  });

  it.each<[string, ZipOptions & { prefix?: string; byteOrder?: string | null }]>([
    ['any folder name', { prefix: 'mein Modell (größer)' }],
    ['no record of the byte order', { byteOrder: null }],
    ['64-bit zip records', { zip64: true }],
    ['no alignment', { alignment: 1 }],
    ['wide alignment, beyond what is read ahead', { alignment: 4096 }],
    [
      'a comment after the archive that looks like its end',
      { comment: 'PK\u0005\u0006 and more than 22 bytes of text' },
    ],
  ])('are read from archives with %s', async (_, options) => {
    const checkpoint = await openWritten(
      oneTensor({ storage: six, dims: [6], strides: [1] }),
      { 0: sixBytes },
      options,
    );
    expect([...(await checkpoint.read('w'))]).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('are read from archives larger than 4 GB', async () => {
    const large = { key: 'large', className: 'ByteStorage', count: 5 * 2 ** 30 };
    const state = py.orderedDict(
      [py.string('skipped'), tensorOps({ storage: large, dims: [5], strides: [2 ** 30] })],
      [py.string('w'), tensorOps({ storage: six, dims: [6], strides: [1] })],
    );
    const { size, segments } = zipSegments(
      torchRecords(py.pickle(state), { large: large.count, 0: sixBytes }),
      { alignment: 64 },
    );
    const checkpoint = await openTorch(sparseSource('large.bin', size, segments));
    expect(size).toBeGreaterThan(2 ** 32);
    expect([...checkpoint.tensors.keys()]).toEqual(['w']);
    expect([...(await checkpoint.read('w'))]).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('are read as parameters, as typed _rebuild_tensor_v3, and from plain dicts', async () => {
    const tensor = tensorOps({ storage: six, dims: [6], strides: [1] });
    const parameter = py.reduce(
      py.global('torch._utils', '_rebuild_parameter'),
      py.tuple(tensor, py.boolean(true), py.orderedDict()),
    );
    const untyped = py.persistent(
      py.tuple(
        py.string('storage'),
        py.global('torch.storage', 'UntypedStorage'),
        py.string('0'),
        py.string('cpu'),
        py.integer(24),
      ),
    );
    const typed = py.reduce(
      py.global('torch._utils', '_rebuild_tensor_v3'),
      py.tuple(
        untyped,
        py.integer(4),
        py.tuple(py.integer(2)),
        py.tuple(py.integer(1)),
        py.boolean(false),
        py.orderedDict(),
        py.global('torch', 'float32'),
      ),
    );
    const state = py.dict([py.string('p'), parameter], [py.string('t'), typed], [py.integer(3), py.none]);
    const checkpoint = await openWritten(state, { 0: sixBytes });
    expect([...(await checkpoint.read('p'))]).toEqual([0, 1, 2, 3, 4, 5]);
    expect([...(await checkpoint.read('t'))]).toEqual([4, 5]);
  });

  it('are read from an old OrderedDict made of a list of pairs', async () => {
    const pair = py.list(py.string('w'), tensorOps({ storage: six, dims: [6], strides: [1] }));
    const state = py.reduce(py.global('collections', 'OrderedDict'), py.tuple(py.list(pair)));
    const checkpoint = await openWritten(state, { 0: sixBytes });
    expect([...checkpoint.tensors.keys()]).toEqual(['w']);
  });

  it('stop being read on abort', async () => {
    const checkpoint = await openSix({});
    const stopped = AbortSignal.abort();
    await expect(checkpoint.read('w', stopped)).rejects.toBe(stopped.reason);
  });
});

describe('openTorch rejects an inconsistent file', () => {
  const write = (state: Ops, storages: Record<string, Uint8Array> = { 0: sixBytes }) =>
    openWritten(state, storages);

  it.each<[string, Partial<TensorSpec>, string]>([
    ['reaches beyond its storage', { dims: [7] }, 'header-lies'],
    ['reaches beyond its storage by its offset', { offset: 1 }, 'header-lies'],
    ['reaches beyond its storage by a stride', { dims: [2, 3], strides: [4, 1] }, 'header-lies'],
    ['begins beyond its storage, without values', { offset: 7, dims: [0] }, 'header-lies'],
    ['has more strides than dims', { strides: [1, 1] }, 'header-lies'],
    ['has a negative dim', { dims: [-6] }, 'header-lies'],
    ['has a negative stride', { offset: 5, strides: [-1] }, 'header-lies'],
    ['has a negative offset', { offset: -1 }, 'header-lies'],
    ['has dims of 2^62 values', { dims: [2 ** 31, 2 ** 31], strides: [0, 0] }, 'too-large'],
    ['repeats one value 2^25 times', { dims: [2 ** 25], strides: [0] }, 'too-large'],
    ['has 65 dims', { dims: Array<number>(65).fill(1), strides: Array<number>(65).fill(1) }, 'header-lies'],
    [
      'claims more elements than are stored',
      { storage: { key: '0', className: 'FloatStorage', count: 7 } },
      'header-lies',
    ],
    [
      'claims larger elements than are stored',
      { storage: { key: '0', className: 'DoubleStorage', count: 6 } },
      'header-lies',
    ],
    [
      'claims a negative number of elements',
      { storage: { key: '0', className: 'FloatStorage', count: -1 } },
      'header-lies',
    ],
    ['has no storage', { storage: { key: '1', className: 'FloatStorage', count: 6 } }, 'storage-missing'],
    [
      'has its storage outside of its folder',
      { storage: { key: '../data.pkl', className: 'FloatStorage', count: 6 } },
      'storage-missing',
    ],
  ])('with a tensor that %s', async (_, spec, code) => {
    const error = await failure(openSix(spec));
    expect(error).toMatchObject({ name: 'CheckpointError', code });
    expect(error.details).toMatchObject({ file: 'model.bin', tensor: 'w' });
  });

  it.each<[string, Ops, string]>([
    ['has no dict', py.list(py.integer(1)), 'not-weights'],
    [
      'has a tensor __proto__',
      py.dict([py.string('__proto__'), tensorOps({ storage: six, dims: [6], strides: [1] })]),
      'odd-name',
    ],
    [
      'has a storage without a type',
      py.dict([
        py.string('w'),
        py.persistent(py.tuple(py.string('storage'), py.none, py.none, py.none, py.none)),
      ]),
      'pickle-damaged',
    ],
    ['has a persistent id that is a string', py.persistent(py.string('0')), 'pickle-damaged'],
    [
      'has a parameter that is a number',
      py.reduce(
        py.global('torch._utils', '_rebuild_parameter'),
        py.tuple(py.integer(1), py.boolean(true), py.orderedDict()),
      ),
      'pickle-damaged',
    ],
    [
      'has a tensor of two arguments',
      py.reduce(py.global('torch._utils', '_rebuild_tensor_v2'), py.tuple(storageOps(six), py.integer(0))),
      'pickle-damaged',
    ],
    [
      'reuses a long list of pairs many times',
      concat(
        py.list(...Array<Ops>(2000).fill(py.tuple(py.integer(1), py.integer(2)))),
        op(0x71, 0, 0x30),
        ...Array<Ops>(2000).fill(
          concat(py.reduce(py.global('collections', 'OrderedDict'), py.tuple(op(0x68, 0))), op(0x30)),
        ),
        py.dict(),
      ),
      'pickle-damaged',
    ],
  ])('that %s', async (_, state, code) => {
    expect(await failure(write(state))).toMatchObject({ name: 'CheckpointError', code });
  });

  it('with a negated view, since its stored values have another sign', async () => {
    const negated = py.reduce(
      py.global('torch._utils', '_rebuild_tensor_v2'),
      py.tuple(
        storageOps(six),
        py.integer(0),
        py.tuple(py.integer(6)),
        py.tuple(py.integer(1)),
        py.boolean(false),
        py.orderedDict(),
        py.dict([py.string('neg'), py.boolean(true)]),
      ),
    );
    const error = await failure(write(py.dict([py.string('w'), negated])));
    expect(error).toMatchObject({ code: 'tensor-unsupported', details: { tensor: 'w' } });
  });

  it('with an unknown byte order', async () => {
    const error = await failure(openWritten(py.dict(), {}, { byteOrder: 'middle' }));
    expect(error).toMatchObject({ code: 'header-damaged', details: { order: 'middle' } });
  });

  it('that is another kind of archive, or a TorchScript program', async () => {
    const open = (names: string[]) =>
      openTorch(memorySource('x.zip', zipFile(names.map((name) => ({ name, data: py.pickle(py.dict()) })))));
    expect(await failure(open(['readme.txt']))).toMatchObject({ code: 'not-torch' });
    expect(await failure(open(['a/data.pkl', 'b/data.pkl']))).toMatchObject({ code: 'not-torch' });
    expect(await failure(open(['a/data.pkl', 'a/constants.pkl']))).toMatchObject({ code: 'not-torch' });
    expect((await open(['a/data.pkl'])).tensors.size).toBe(0);
  });
});

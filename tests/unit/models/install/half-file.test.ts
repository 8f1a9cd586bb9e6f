import { describe, expect, it } from 'vitest';
import { float16ToFloat32, float32ToFloat16 } from '../../../../src/base/index.ts';
import { openCheckpoint } from '../../../../src/models/checkpoint/index.ts';
import { httpSource } from '../../../../src/models/http.ts';
import { halfFile } from '../../../../src/models/install/half-file.ts';
import type { PlannedFile } from '../../../../src/models/install/chunks.ts';
import { PrefetchedFile } from '../../../../src/models/install/prefetched-file.ts';
import { memorySource } from '../../../../src/models/source.ts';
import { float32Bytes } from '../../../support/bytes.ts';
import { failure } from '../../../support/failure.ts';
import { FakeWeb } from '../../../support/install/web.ts';
import { randomValues } from '../../../support/reference/parameters.ts';
import { safetensorsFile } from '../../../support/safetensors-file.ts';
import { py, tensorOps, torchRecords } from '../../../support/torch-file.ts';
import { zipFile } from '../../../support/zip-file.ts';

const url = 'https://hub.test/weights';

async function plan(bytes: Uint8Array<ArrayBuffer>, names: readonly string[], chunkLength = 9600) {
  const web = new FakeWeb();
  web.put(url, bytes);
  const file = await httpSource(url, { fetch: web.fetch });
  const source = new PrefetchedFile(file);
  const checkpoint = await openCheckpoint(source);
  const planned = await halfFile('unet', 'UNet', file, source, checkpoint, new Set(names), chunkLength);
  return { web, planned };
}

/** All chunks, made in the given order and concatenated. */
async function carryOut(
  { from, size, chunks }: PlannedFile,
  order = chunks,
): Promise<Uint8Array<ArrayBuffer>> {
  const out = new Uint8Array(size).fill(0xee);
  const { signal } = new AbortController();
  for (const chunk of order) {
    const { span } = chunk;
    const read = (begin: number, end: number) => from?.read(begin, end - begin) ?? new Uint8Array(0);
    const bytes = await (span === null
      ? chunk.make(signal)
      : chunk.make(await read(span.begin, span.end), signal));
    expect(bytes.length).toBe(chunk.length);
    out.set(bytes, chunk.at);
  }
  return out;
}

const values = (seed: number, count: number) => randomValues(seed, count);

/** Rounds to float16. */
const rounded = (list: Float32Array) => float16ToFloat32(float32ToFloat16(list));

const bytesOf = (list: Float32Array | Float64Array | Uint16Array) =>
  new Uint8Array(list.buffer, list.byteOffset, list.byteLength);

/** Stored forms of values by type, and the values after conversion. */
const stored = {
  F64: (list: Float32Array) => ({ bytes: bytesOf(Float64Array.from(list)), list }),
  F32: (list: Float32Array) => ({ bytes: bytesOf(list), list }),
  F16: (list: Float32Array) => ({ bytes: bytesOf(float32ToFloat16(list)), list: rounded(list) }),
  BF16: (list: Float32Array) => {
    const upper = Uint16Array.from(new Uint32Array(list.slice().buffer), (bits) => bits >>> 16);
    const left = new Float32Array(Uint32Array.from(upper, (bits) => bits << 16).buffer);
    return { bytes: bytesOf(upper), list: left };
  },
};

/** Tensors of every type, two of them unwanted, one much longer than a chunk. */
function mixed() {
  const [a, b, c, d, e] = [values(1, 12), values(2, 600), values(3, 9000), values(4, 40), values(5, 64)];
  const { bytes: upper, list: brain } = stored.BF16(d);
  const file = safetensorsFile([
    { name: 'wide', dtype: 'F64', shape: [12], data: bytesOf(Float64Array.from(a)) },
    { name: 'unwanted', dtype: 'F32', shape: [2000], data: bytesOf(values(6, 2000)) },
    { name: 'plain', dtype: 'F32', shape: [20, 30], data: bytesOf(b) },
    { name: 'long', dtype: 'F32', shape: [90, 100], data: bytesOf(c) },
    { name: 'empty', dtype: 'F32', shape: [0, 7], data: new Uint8Array(0) },
    { name: 'brain', dtype: 'BF16', shape: [40], data: upper },
    { name: 'half', dtype: 'F16', shape: [8, 8], data: bytesOf(float32ToFloat16(e)) },
    { name: 'alsoUnwanted', dtype: 'I64', shape: [1], data: new Uint8Array(8) },
  ]);
  const wanted = { wide: a, plain: b, long: c, empty: new Float32Array(0), brain, half: e };
  return { file, wanted };
}

async function expectValues(bytes: Uint8Array<ArrayBuffer>, wanted: Record<string, Float32Array>) {
  const checkpoint = await openCheckpoint(memorySource('packed', bytes));
  expect([...checkpoint.tensors.keys()].sort()).toEqual(Object.keys(wanted).sort());
  for (const [name, list] of Object.entries(wanted)) {
    expect(checkpoint.tensors.get(name)?.type).toBe('float16');
    expect(await checkpoint.read(name)).toEqual(rounded(list));
  }
}

describe('halfFile', () => {
  it('contains the values of every type, rounded to float16, and nothing else', async () => {
    const { file, wanted } = mixed();
    const { planned } = await plan(file, Object.keys(wanted));
    await expectValues(await carryOut(planned), wanted);
  });

  it.each(['F64', 'F32', 'F16', 'BF16'] as const)(
    'converts %s in chunks to the same values as at once',
    async (dtype) => {
      const { bytes, list } = stored[dtype](values(7, 9000));
      const file = safetensorsFile([{ name: 'long', dtype, shape: [90, 100], data: bytes }]);
      const { planned } = await plan(file, ['long'], 4000);
      expect(planned.chunks.length).toBeGreaterThan(4);
      await expectValues(await carryOut(planned), { long: list });
    },
  );

  it('does not depend on the order of the chunks', async () => {
    const { file, wanted } = mixed();
    const { planned } = await plan(file, Object.keys(wanted));
    expect(planned.chunks.length).toBeGreaterThan(4);
    const forward = await carryOut(planned);
    const { planned: again } = await plan(file, Object.keys(wanted));
    expect(await carryOut(again, again.chunks.toReversed())).toEqual(forward);
    expect(again.layout).toBe(planned.layout);
  });

  it('is covered by chunks of bounded length without overlap', async () => {
    const { file, wanted } = mixed();
    const { planned } = await plan(file, Object.keys(wanted));
    let end = 0;
    for (const { at, length, download } of planned.chunks) {
      expect(at).toBe(end);
      expect(download).toBeLessThanOrEqual(9600);
      end = at + length;
    }
    expect(end).toBe(planned.size);
  });

  it('fetches neighbouring tensors together and skips unused ones', async () => {
    const { file, wanted } = mixed();
    const { web, planned } = await plan(file, Object.keys(wanted), 100_000);
    // One request before the unwanted tensor, and one after it.
    expect(planned.chunks.map(({ download }) => download > 0)).toEqual([false, true, true]);
    const before = web.sent();
    await carryOut(planned);
    const fetched = planned.chunks.reduce((sum, { download }) => sum + download, 0);
    expect(web.sent() - before).toBe(fetched);
    expect(fetched).toBe(12 * 8 + 600 * 4 + 9000 * 4 + 40 * 2 + 64 * 2);
  });

  it.each([
    [NaN, 'weight-not-finite'],
    [-Infinity, 'weight-not-finite'],
    [65_520, 'weight-too-large'],
  ])('rejects %f, naming the tensor', async (value, code) => {
    const list = values(1, 600);
    list[599] = value;
    const bytes = safetensorsFile([{ name: 'bad', dtype: 'F32', shape: [600], data: bytesOf(list) }]);
    const { planned } = await plan(bytes, ['bad']);
    expect(await failure(carryOut(planned))).toMatchObject({ code, details: { file: url, tensor: 'bad' } });
  });
});

describe('halfFile of a PyTorch file', () => {
  function torch(options: { compress?: boolean; byteOrder?: string } = {}) {
    const lists = {
      first: values(1, 30),
      long: values(2, 9000),
      matrix: values(3, 12),
      second: values(4, 50),
    };
    const keys = Object.keys(lists);
    const storage = (key: string, count: number) => ({ key, className: 'FloatStorage', count });
    const pickle = py.pickle(
      py.orderedDict(
        ...Object.entries(lists).map(
          ([name, { length }]): [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>] => [
            py.string(name),
            tensorOps({
              storage: storage(String(keys.indexOf(name)), length),
              // The matrix is stored in column-major order.
              ...(name === 'matrix' ? { dims: [3, 4], strides: [1, 3] } : { dims: [length], strides: [1] }),
            }),
          ],
        ),
      ),
    );
    const big = options.byteOrder === 'big';
    const storages = Object.fromEntries(
      Object.values(lists).map((list, index) => {
        const bytes = float32Bytes(...list);
        if (big) for (let at = 0; at < bytes.length; at += 4) bytes.subarray(at, at + 4).reverse();
        return [String(index), bytes];
      }),
    );
    const { compress = false, ...rest } = options;
    const records = torchRecords(pickle, storages, rest).map((record) => ({ ...record, compress }));
    const byRows = Float32Array.from(
      { length: 12 },
      (_, i) => lists.matrix[(i % 4) * 3 + Math.floor(i / 4)] ?? 0,
    );
    return { file: zipFile(records, { alignment: 64 }), wanted: { ...lists, matrix: byRows } };
  }

  it.each([
    ['as torch.save writes them', {}],
    ['packed again with compression', { compress: true }],
    ['from a machine that is big-endian', { byteOrder: 'big' }],
  ])('contains the same values: %s', async (_, options) => {
    const { file, wanted } = torch(options);
    const { planned } = await plan(file, Object.keys(wanted));
    await expectValues(await carryOut(planned, planned.chunks.toReversed()), wanted);
  });

  it.each([
    ['DoubleStorage', 'F64'],
    ['HalfStorage', 'F16'],
    ['BFloat16Storage', 'BF16'],
  ] as const)('contains the same values of a %s, in chunks', async (className, dtype) => {
    const { bytes, list } = stored[dtype](values(7, 9000));
    const storage = { key: '0', className, count: 9000 };
    const pickle = py.pickle(
      py.orderedDict([py.string('long'), tensorOps({ storage, dims: [9000], strides: [1] })]),
    );
    const { planned } = await plan(zipFile(torchRecords(pickle, { '0': bytes }), { alignment: 64 }), [
      'long',
    ]);
    expect(planned.chunks.length).toBeGreaterThan(2);
    await expectValues(await carryOut(planned), { long: list });
  });

  it('requests only the chunks, and a header for each long tensor', async () => {
    const { file } = torch();
    const { web, planned } = await plan(file, ['first', 'long', 'second']);
    const before = web.asked.length;
    await carryOut(planned);
    const fetching = planned.chunks.filter(({ download }) => download > 0).length;
    expect(web.asked.length - before).toBeLessThanOrEqual(fetching + 1);
  });
});

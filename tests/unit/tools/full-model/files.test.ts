import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openCheckpoint, openTorch } from '../../../../src/models/checkpoint/index.ts';
import { openTorchZip } from '../../../../src/models/checkpoint/zip.ts';
import { memorySource } from '../../../../src/models/source.ts';
import type { ByteSource } from '../../../../src/models/types.ts';
import { py, tensorOps } from '../../../support/torch-file.ts';
import { assemble } from '../../../../tools/full-model/assemble.ts';
import type { LazyBytes } from '../../../../tools/full-model/assemble.ts';
import { initialTensor } from '../../../../tools/full-model/initial.ts';
import { safetensors } from '../../../../tools/full-model/safetensors.ts';
import { torchArchive, torchFile } from '../../../../tools/full-model/torch.ts';
import { count, fillValues, tensorBytes } from '../../../../tools/full-model/values.ts';

const tensors = [
  initialTensor('conv.weight', [6, 4, 3, 3]),
  initialTensor('conv.bias', [6]),
  initialTensor('a.norm.weight', [5]),
  initialTensor('z.to_q.weight', [7, 5]),
];
const whole = (source: ByteSource) => source.read(0, source.size);

describe('random values', () => {
  const large = { name: 'large', dims: [1000, 100], middle: 0.5, deviation: 2 };
  const values = new Float32Array(count(large.dims));
  fillValues(values, large, 0);

  it('have the requested mean and deviation', () => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    expect(mean).toBeCloseTo(0.5, 1);
    expect(Math.sqrt(variance)).toBeCloseTo(2, 1);
    expect(new Set(values).size).toBeGreaterThan(99_000);
  });

  it('are uncorrelated with their neighbours and with another tensor', () => {
    const others = new Float32Array(values.length);
    fillValues(others, { ...large, name: 'larger' }, 0);
    const correlation = (a: Float32Array, b: Float32Array) =>
      a.reduce((sum, value, i) => sum + (value - 0.5) * ((b[i] ?? 0.5) - 0.5), 0) / a.length / 4;
    // The standard error is 1/√100000 = 0.003.
    expect(Math.abs(correlation(values, others))).toBeLessThan(0.02);
    for (const step of [1, 2, 100]) {
      expect(Math.abs(correlation(values, values.subarray(step)))).toBeLessThan(0.02);
    }
  });

  it('are the same whichever range is generated', () => {
    for (const type of ['float32', 'float16'] as const) {
      const bytes = tensorBytes(tensors[0] ?? large, type);
      const all = new Uint8Array(bytes.length);
      bytes.fill(all, 0);
      fc.assert(
        fc.property(fc.nat(bytes.length), fc.nat(bytes.length), fc.nat(3), (a, b, skew) => {
          const [first, end] = [Math.min(a, b), Math.max(a, b)];
          const target = new Uint8Array(end - first + skew).subarray(skew);
          bytes.fill(target, first);
          expect(target).toEqual(all.slice(first, end));
        }),
      );
    }
  });
});

describe('an assembled file', () => {
  it('reads the same in any ranges', async () => {
    const file = torchFile('w.bin', tensors);
    const all = await whole(file);
    await fc.assert(
      fc.asyncProperty(fc.nat(file.size), fc.nat(file.size), async (a, b) => {
        const [first, end] = [Math.min(a, b), Math.max(a, b)];
        expect(await file.read(first, end - first)).toEqual(all.slice(first, end));
      }),
    );
  });

  it('rejects reads past its end and aborted reads', async () => {
    const file = assemble('sections', [Uint8Array.of(1, 2), new Uint8Array(0), Uint8Array.of(3)]);
    expect(await whole(file)).toEqual(Uint8Array.of(1, 2, 3));
    await expect(file.read(2, 2)).rejects.toMatchObject({ code: 'truncated' });
    await expect(file.read(0, 1, AbortSignal.abort())).rejects.toThrow();
  });
});

describe('safetensors and PyTorch files', () => {
  it('contain the same tensors, as Drift reads them', async () => {
    const opened = [
      await openCheckpoint(safetensors('w.safetensors', tensors)),
      await openCheckpoint(torchFile('w.bin', tensors)),
    ];
    for (const checkpoint of opened) {
      expect(checkpoint.tensors.size).toBe(tensors.length);
      for (const tensor of tensors) {
        const values = new Float32Array(count(tensor.dims));
        fillValues(values, tensor, 0);
        expect(checkpoint.tensors.get(tensor.name)).toEqual({
          name: tensor.name,
          dims: tensor.dims,
          type: 'float32',
        });
        expect(await checkpoint.read(tensor.name)).toEqual(values);
      }
    }
  });

  it('safetensors can be float16', async () => {
    const { tensors: entries } = await openCheckpoint(safetensors('h.safetensors', tensors, 'float16'));
    expect(new Set([...entries.values()].map(({ type }) => type))).toEqual(new Set(['float16']));
  });
});

describe("PyTorch's archive", () => {
  it('has valid checksums, and storages aligned to 64 bytes', async () => {
    const file = torchFile('w.bin', tensors);
    const bytes = await whole(file);
    const zip = await openTorchZip(memorySource('w.bin', bytes));
    expect([...zip.entries.keys()]).toEqual([
      'archive/data.pkl',
      ...tensors.map((_, index) => `archive/data/${index}`),
      'archive/version',
    ]);
    const view = new DataView(bytes.buffer);
    for (const entry of zip.entries.values()) {
      expect(crc32(await zip.read(entry, 0, entry.size))).toBe(entry.crc32);
      const { headerOffset } = entry;
      const start =
        headerOffset + 30 + view.getUint16(headerOffset + 26, true) + view.getUint16(headerOffset + 28, true);
      expect(start % 64).toBe(0);
      // The data descriptor after the data repeats it.
      expect(view.getUint32(start + entry.size, true)).toBe(0x08074b50);
      expect(view.getUint32(start + entry.size + 4, true)).toBe(entry.crc32);
    }
  });

  it('can exceed 4 GB, and so can its storages', async () => {
    const sized = (length: number): LazyBytes => ({
      length,
      fill: (target, offset) => {
        // Each float is its own index, rounded to float32.
        const values = Float32Array.from({ length: target.length / 4 }, (_, i) => offset / 4 + i);
        target.set(new Uint8Array(values.buffer));
      },
    });
    const counts = [2 ** 30 + 5, 10];
    const view = (index: number, offset: number, length: number) =>
      tensorOps({
        storage: { key: String(index), className: 'FloatStorage', count: counts[index] ?? 0 },
        offset,
        dims: [length],
        strides: [1],
      });
    const pickle = py.pickle(
      py.orderedDict([py.string('far'), view(0, 2 ** 30, 5)], [py.string('behind'), view(1, 0, 10)]),
    );
    const file = torchArchive('large.bin', [
      { name: 'archive/data.pkl', data: pickle },
      ...counts.map((number, index) => ({
        name: `archive/data/${index}`,
        data: sized(4 * number),
        crc32: 0,
      })),
      { name: 'archive/version', data: new TextEncoder().encode('3\n') },
    ]);
    expect(file.size).toBeGreaterThan(2 ** 32);
    const checkpoint = await openTorch(file);
    expect([...(await checkpoint.read('behind'))]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect((await checkpoint.read('far'))[0]).toBe(2 ** 30);
  });
});

import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CheckpointError } from '../../../../src/base/index.ts';
import { openCheckpoint } from '../../../../src/models/checkpoint/index.ts';
import { memorySource } from '../../../../src/models/source.ts';
import { fileSource } from '../../../../tools/file-source.ts';
import type { FileSource } from '../../../../tools/file-source.ts';
import { concat, float32Bytes, uint, utf8 } from '../../../support/bytes.ts';
import { failure } from '../../../support/failure.ts';
import { safetensorsFile } from '../../../support/safetensors-file.ts';

const open = (name: string, bytes: Uint8Array) => openCheckpoint(memorySource(name, bytes));
const fixture = (name: string) => readFile(new URL(`../../../fixtures/torch/${name}`, import.meta.url));

describe('openCheckpoint', () => {
  it('detects the format by the content, not by the file name', async () => {
    const safetensors = safetensorsFile([{ name: 'w', dtype: 'F32', shape: [1], data: float32Bytes(3) }]);
    expect((await open('model.bin', safetensors)).tensors.has('w')).toBe(true);
    expect((await open('model.safetensors', await fixture('2.13/small.bin'))).tensors.has('plain')).toBe(
      true,
    );
  });

  it('is not confused by a safetensors header length that looks like a ZIP signature', async () => {
    const json = utf8('{}'.padEnd(0x4b50));
    expect((await open('w', concat(uint(8, json.length), json))).tensors.size).toBe(0);
  });

  it.each<[string, Uint8Array, string]>([
    ['an empty file', new Uint8Array(0), 'empty'],
    ['a byte', new Uint8Array(1), 'unknown-format'],
    ['a picture', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0), 'unknown-format'],
    ['plain pickled data', Uint8Array.of(0x80, 2, 0x7d, 0x2e), 'unknown-format'],
    ['a Git LFS pointer', utf8('version https://git-lfs.github.com/spec/v1\noid sha256:0\n'), 'lfs-pointer'],
    ['an error page', utf8('\n<!DOCTYPE html><title>Log in</title>'), 'web-page'],
    ['the beginning of a zip archive', utf8('PK\u0003\u0004 and no more'), 'truncated'],
    ['zeros', new Uint8Array(100), 'unknown-format'],
  ])('reports the error in %s', async (_, bytes, code) => {
    const error = await failure(open('weights', bytes));
    expect(error).toMatchObject({ name: 'CheckpointError', code });
    expect(error.details.file).toBe('weights');
    expect(error.message).toContain('weights');
    expect(error.remedy).not.toBe('');
  });
});

describe('golden checkpoints', () => {
  const sources: FileSource[] = [];
  const openGolden = async (part: string) => {
    const url = new URL(
      `../../../golden/shapes/checkpoint/${part}/diffusion_pytorch_model.safetensors`,
      import.meta.url,
    );
    const source = await fileSource(url.pathname);
    sources.push(source);
    return openCheckpoint(source);
  };
  afterAll(() => Promise.all(sources.map((source) => source.close())));

  it('have the tensor names and dims of a diffusers UNet', async () => {
    const unet = await openGolden('unet');
    expect(unet.tensors.size).toBe(326);
    expect(unet.tensors.get('conv_in.weight')).toEqual({
      name: 'conv_in.weight',
      dims: [32, 4, 3, 3],
      type: 'float32',
    });
    expect(unet.tensors.get('time_embedding.linear_1.weight')?.dims).toEqual([128, 32]);
    expect(
      unet.tensors.get('down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_v.weight')?.dims,
    ).toEqual([32, 64]);
    expect(unet.tensors.get('conv_out.weight')?.dims).toEqual([4, 32, 3, 3]);
    const norm = await unet.read('conv_norm_out.weight');
    expect(norm).toHaveLength(32);
    // Weights of trained group norms are near one.
    for (const weight of norm) expect(Math.abs(weight - 1)).toBeLessThan(0.5);
  });

  it('have the tensor names and dims of a diffusers VAE', async () => {
    const vae = await openGolden('vae');
    expect(vae.tensors.size).toBe(180);
    expect(vae.tensors.get('decoder.conv_in.weight')?.dims).toEqual([64, 4, 3, 3]);
    expect(vae.tensors.get('post_quant_conv.weight')?.dims).toEqual([4, 4, 1, 1]);
    expect(vae.tensors.get('decoder.conv_out.bias')?.dims).toEqual([3]);
  });

  it('can be read completely: every tensor has the size of its dims and finite values', async () => {
    for (const part of ['unet', 'vae']) {
      const checkpoint = await openGolden(part);
      for (const { name, dims } of checkpoint.tensors.values()) {
        const values = await checkpoint.read(name);
        expect(values.length, name).toBe(dims.reduce((product, dim) => product * dim, 1));
        expect(values.every(Number.isFinite), name).toBe(true);
      }
    }
  });
});

describe('a fuzzed checkpoint', () => {
  const names = [
    '1.13/small.bin',
    '2.13/small.bin',
    '2.13/training.bin',
    '2.13/protocol4.bin',
    '2.13/repacked.bin',
    '2.13/small.safetensors',
  ];
  const files = new Map<string, Uint8Array>();
  beforeAll(async () => {
    for (const name of names) files.set(name, new Uint8Array(await fixture(name)));
  });

  /** All values of a file; null if it is rejected as damaged. */
  async function valuesOf(bytes: Uint8Array): Promise<Record<string, number[]> | null> {
    try {
      const checkpoint = await open('damaged', bytes);
      const tensors: Record<string, number[]> = {};
      for (const { name, dims } of checkpoint.tensors.values()) {
        const values = await checkpoint.read(name);
        expect(values.length).toBe(dims.reduce((product, dim) => product * dim, 1));
        tensors[name] = [...values];
      }
      return tensors;
    } catch (error) {
      if (error instanceof CheckpointError && error.message !== '' && error.remedy !== '') return null;
      throw error;
    }
  }

  it.each(names)('opens or is rejected as damaged after bit flips: %s', async (name) => {
    const original = files.get(name) ?? new Uint8Array(0);
    expect(await valuesOf(original)).not.toBeNull();
    const flip = fc.record({ at: fc.nat(original.length - 1), byte: fc.nat(255) });
    await fc.assert(
      fc.asyncProperty(fc.array(flip, { minLength: 1, maxLength: 4 }), async (flips) => {
        const bytes = original.slice();
        for (const { at, byte } of flips) bytes[at] = byte;
        await valuesOf(bytes);
      }),
      { numRuns: 400 },
    );
  });

  it.each(names)('is rejected when truncated: %s', async (name) => {
    const original = files.get(name) ?? new Uint8Array(0);
    await fc.assert(
      fc.asyncProperty(fc.nat(original.length - 1), async (length) => {
        expect(await valuesOf(original.subarray(0, length))).toBeNull();
      }),
      { numRuns: 200 },
    );
  });

  it.each(names)(
    'is rejected when a range is removed, unless the values are unaffected: %s',
    async (name) => {
      const original = files.get(name) ?? new Uint8Array(0);
      const whole = await valuesOf(original);
      await fc.assert(
        fc.asyncProperty(
          fc.nat(original.length - 1),
          fc.integer({ min: 1, max: 300 }),
          async (at, length) => {
            const left = concat(original.subarray(0, at), original.subarray(at + length));
            const values = await valuesOf(left);
            // PyTorch's archives have a 32-bit and a 64-bit end record; either suffices.
            if (values !== null) expect(values).toEqual(whole);
          },
        ),
        { numRuns: 200 },
      );
    },
  );
});

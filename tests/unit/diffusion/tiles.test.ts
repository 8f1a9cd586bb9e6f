import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { LatentSize } from '../../../src/base/index.ts';
import { createCpuCompute } from '../../../src/compute/index.ts';
import { tileWeight } from '../../../src/compute/tiles.ts';
import { Pipeline } from '../../../src/diffusion/index.ts';
import { tilesAlong } from '../../../src/diffusion/tiles.ts';
import { createModel, isTooSmall, targetFor } from '../../../src/models/index.ts';
import { openCpuRuntime } from '../../support/cpu-runtime.ts';
import { tinyModelParts } from '../../support/tiny-model.ts';
import { WatchedRuntime } from '../../support/watched-runtime.ts';
import { normal, values } from '../compute/support.ts';

describe('tilesAlong', () => {
  const sides = fc
    .record({ tile: fc.integer({ min: 4, max: 128 }), more: fc.integer({ min: 0, max: 300 }) })
    .map(({ tile, more }) => ({ tile, length: tile + more }));

  it('covers the side with tiles inside it that overlap by at least a quarter', () => {
    fc.assert(
      fc.property(sides, ({ length, tile }) => {
        const tiles = tilesAlong(length, tile, 8);
        expect(tiles[0]?.start).toBe(0);
        expect((tiles.at(-1)?.start ?? NaN) + tile).toBe(length);
        for (const [index, { start }] of tiles.entries()) {
          const next = tiles[index + 1];
          if (next) expect(start + tile - next.start).toBeGreaterThanOrEqual(Math.floor(tile / 4));
        }
      }),
    );
  });

  it('gives weights that add up to 1 at every pixel, and 0 outside a tile', () => {
    fc.assert(
      fc.property(sides, fc.constantFrom(1, 2, 8), ({ length, tile }, scale) => {
        const tiles = tilesAlong(length, tile, scale);
        for (let pixel = 0; pixel < length * scale; pixel++) {
          let sum = 0;
          for (const { start, pixels } of tiles) {
            const weight = tileWeight(pixels, pixel);
            const inside = pixel >= start * scale && pixel < (start + tile) * scale;
            if (!inside) expect(weight).toBe(0);
            sum += weight;
          }
          expect(sum).toBeCloseTo(1, 10);
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('decoding in tiles, on a device with lowered limits', async () => {
  const runtime = new WatchedRuntime(await openCpuRuntime());
  const compute = createCpuCompute();
  const parts = await tinyModelParts();
  const target = targetFor('float32', false);
  const [height, width] = [40, 56];
  const modelWith = (bytes: number) =>
    createModel(parts, { ...target, limits: { maxBufferSize: bytes, maxStorageBufferBindingSize: bytes } });
  const pipelineWith = (bytes: number) => new Pipeline(compute, runtime, modelWith(bytes));
  /** Largest buffer that the decoder needs for latents of this size, in bytes. */
  const needed = (rows: number, size: LatentSize) => {
    for (let bytes = 0; ;) {
      try {
        modelWith(bytes).checkLimits('decoder', size, rows);
        return bytes;
      } catch (error) {
        if (!isTooSmall(error)) throw error;
        bytes = Number(error.details['needed']);
      }
    }
  };
  const whole = new Pipeline(compute, runtime, createModel(parts, target));
  const tiled = pipelineWith(needed(1, { height: 24, width: 24 }));

  afterAll(async () => {
    await whole.release();
    await tiled.release();
    expect(runtime.liveSessions).toBe(0);
    expect(compute.liveTensors).toBe(0);
  });

  /** Smooth latents of two pictures, like those of real pictures. */
  const latents = () => {
    const data = Float32Array.from({ length: 2 * 4 * height * width }, (_, i) => {
      const [x, y, plane] = [i % width, Math.floor(i / width) % height, Math.floor(i / (width * height))];
      return Math.sin(0.3 * x + plane) * Math.cos(0.2 * y - plane);
    });
    return compute.upload(data, [2, 4, height, width]);
  };

  it('gives pictures of the same size, each independent of the batch', async () => {
    const source = latents();
    const pictures = await tiled.decodeLatents(source);
    expect(pictures.dims).toEqual([2, 3, 2 * height, 2 * width]);
    const second = compute.row(source, 1);
    const alone = await tiled.decodeLatents(second);
    const all = await values(compute, pictures);
    expect(all.slice(all.length / 2)).toEqual(await values(compute, alone));
    for (const tensor of [source, pictures, second, alone]) tensor.dispose();
  });

  it('approximates the picture that a larger device decodes whole', async () => {
    const source = latents();
    const [a, b] = [await whole.decodeLatents(source), await tiled.decodeLatents(source)];
    const [exact, close] = [await values(compute, a), await values(compute, b)];
    const mean = exact.reduce((sum, value) => sum + value, 0) / exact.length;
    const squares = (of: (value: number, i: number) => number) =>
      exact.reduce((sum, value, i) => sum + of(value, i) ** 2, 0);
    const error = squares((value, i) => value - (close[i] ?? NaN)) / squares((value) => value - mean);
    // Each tile has its own group norm statistics, and zero padding.
    expect(Math.sqrt(error)).toBeLessThan(0.25);
    for (const tensor of [source, a, b]) tensor.dispose();
  });

  it('is not used where the whole picture fits, one of the batch at a time if need be', async () => {
    const source = latents();
    runtime.runs.length = 0;
    const roomy = pipelineWith(needed(2, { height, width }));
    (await roomy.decodeLatents(source)).dispose();
    expect(runtime.count('decoder')).toBe(1);
    await roomy.release();
    const tight = pipelineWith(needed(1, { height, width }));
    const rows = await tight.decodeLatents(source);
    expect(runtime.count('decoder')).toBe(3);
    const exact = await whole.decodeLatents(source);
    expect(await values(compute, rows)).toEqual(await values(compute, exact));
    await tight.release();
    for (const tensor of [source, rows, exact]) tensor.dispose();
  });

  it('aborts within a tile and frees all tensors', async () => {
    const noise = await normal(3, 4 * height * width, 1);
    const source = compute.upload(noise, [1, 4, height, width]);
    const stop = new AbortController();
    runtime.runs.length = 0;
    runtime.onRun = () => {
      if (runtime.count('decoder') === 2) stop.abort(new Error('enough'));
    };
    await expect(tiled.decode(source, stop.signal)).rejects.toThrow('enough');
    runtime.onRun = () => undefined;
    expect(runtime.count('decoder')).toBe(2);
    source.dispose();
    expect(compute.liveTensors).toBe(0);
  });

  it('is rejected where no tile fits', () => {
    expect(() => {
      pipelineWith(needed(1, { height: 16, width: 16 }) - 1).checkSize(2 * width, 2 * height);
    }).toThrow(expect.objectContaining({ code: 'gpu-too-small' }));
  });
});

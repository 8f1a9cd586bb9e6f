import { describe, expect, it } from 'vitest';
import { createCpuCompute } from '../../../src/compute/index.ts';
import { normal, values } from './support.ts';

const compute = createCpuCompute();
const edge = { fade: 1, fadeIn: null, fadeOut: null };

describe('tiles', () => {
  it('are cut at the given offset from every row and channel', async () => {
    const latents = compute.upload(
      Float32Array.from({ length: 2 * 2 * 3 * 4 }, (_, i) => i),
      [2, 2, 3, 4],
    );
    const tile = compute.empty([2, 2, 2, 2], 'float32');
    compute.cutTile(latents, 1, 2, tile);
    expect(await values(compute, tile)).toEqual([
      6, 7, 10, 11, 18, 19, 22, 23, 30, 31, 34, 35, 42, 43, 46, 47,
    ]);
    latents.dispose();
    tile.dispose();
  });

  it('fade linearly from one to the next; NaN is kept only where the tile has weight', async () => {
    const out = compute.empty([1, 1, 1, 8], 'float32');
    const tile = (value: number) => {
      const data = new Float32Array(6).fill(value);
      if (value === 2) data[0] = NaN;
      return compute.upload(data, [1, 1, 1, 6]);
    };
    const [left, right] = [tile(1), tile(2)];
    compute.blendTile(left, out, { ...edge, start: 0 }, { start: 0, fade: 2, fadeIn: null, fadeOut: 3 });
    compute.blendTile(right, out, { ...edge, start: 0 }, { start: 2, fade: 2, fadeIn: 3, fadeOut: null });
    expect(await values(compute, out)).toEqual([1, 1, 1, 1.25, 1.75, 2, 2, 2]);
    for (const tensor of [out, left, right]) tensor.dispose();
    expect(compute.liveTensors).toBe(0);
  });

  it('that cover the whole picture reproduce it', async () => {
    const data = await normal(1, 3 * 5 * 7, 1);
    const tile = compute.upload(data, [1, 3, 5, 7]);
    const out = compute.empty([1, 3, 5, 7], 'float32');
    compute.blendTile(tile, out, { ...edge, start: 0 }, { ...edge, start: 0 });
    expect(await values(compute, out)).toEqual(Array.from(data));
    tile.dispose();
    out.dispose();
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ColourSearch } from '../../../../src/media/export/colour-search.ts';
import { PaletteMap, diffusionDitherer, nearestDitherer } from '../../../../src/media/export/dither.ts';

describe('ColourSearch', () => {
  const channel = fc.integer({ min: 0, max: 255 });
  const colour = fc.tuple(channel, channel, channel);

  it('finds a colour at the minimum distance', () => {
    const distance = (a: readonly number[], b: readonly number[]) =>
      a.reduce((sum, value, i) => sum + (value - (b[i] ?? 0)) ** 2, 0);
    fc.assert(
      fc.property(fc.array(colour, { minLength: 1, maxLength: 255 }), colour, (palette, wanted) => {
        const found = palette[new ColourSearch(palette.flat()).nearest(...wanted)] ?? [];
        const least = Math.min(...palette.map((one) => distance(one, wanted)));
        expect(distance(found, wanted)).toBe(least);
      }),
    );
  });
});

describe('error diffusion', () => {
  const [width, height] = [64, 64];
  const black = new PaletteMap(Uint8Array.of(0, 0, 0, 255, 255, 255));
  /** Gradient of greys from `from`, one level per pixel. */
  const slope = (from: number) => {
    const data = new Uint8ClampedArray(4 * width * height).fill(255);
    for (let i = 0; i < width * height; i++) data.fill(from + (i % width), 4 * i, 4 * i + 3);
    return data;
  };
  const share = (indices: Uint8Array) => indices.reduce((sum, index) => sum + index, 0) / indices.length;

  it('keeps the mean colour of an area with black and white alone', () => {
    const data = slope(96);
    const indices = diffusionDitherer(width * height)({ width, data, before: null }, black, 9);
    expect(share(indices)).toBeGreaterThan(127.5 / 255 - 0.02);
    expect(share(indices)).toBeLessThan(127.5 / 255 + 0.02);
    // Without dithering, a darker gradient has no white pixels.
    const dark = { width, data: slope(20), before: null };
    expect(share(nearestDitherer()(dark, black, 9))).toBe(0);
    expect(share(diffusionDitherer(width * height)(dark, black, 9))).toBeGreaterThan(0.1);
  });

  it('leaves unchanged pixels transparent and continues their pattern', () => {
    const ditherer = diffusionDitherer(width * height);
    const first = slope(96);
    const shown = ditherer({ width, data: first, before: null }, black, 9);
    const second = first.slice();
    // The lower half becomes brighter.
    second.fill(230, second.length / 2);
    const indices = ditherer({ width, data: second, before: first }, black, 9);
    expect(new Set(indices.subarray(0, indices.length / 2))).toEqual(new Set([9]));
    expect(share(indices.subarray(indices.length / 2))).toBeGreaterThan(0.85);
    const again = ditherer({ width, data: second.slice(), before: second }, black, 9);
    expect(new Set(again)).toEqual(new Set([9]));
    expect(shown).toHaveLength(indices.length);
  });
});

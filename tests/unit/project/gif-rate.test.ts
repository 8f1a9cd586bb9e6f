import { describe, expect, it } from 'vitest';
import { defaultExportOptions, exportPresets, gifRate, placementOf } from '../../../src/project/index.ts';

describe('frame rates of GIF', () => {
  it.each([
    [10, 10, [10], []],
    [50, 50, [2], []],
    [60, 50, [2], [50]],
    [100, 50, [2], [50]],
    [30, 30, [3, 4], [25, 100 / 3]],
    [24, 24, [4, 5], [20, 25]],
  ])('%d a second becomes %d', (rate, written, delays, nearest) => {
    expect(gifRate(rate)).toEqual({ written, delays, nearest });
  });
});

describe('export presets', () => {
  it.each([
    ['Sticker 512×512', 512],
    ['Social square 1080', 1080],
  ])('%s has that size, whatever the size of the frames', (name, side) => {
    const preset = exportPresets.find((candidate) => candidate.name === name);
    for (const size of [
      { width: 128, height: 128 },
      { width: 512, height: 384 },
      { width: 328, height: 776 },
    ]) {
      const options = preset?.apply(defaultExportOptions, size);
      expect(options && placementOf(size, options)).toMatchObject({ width: side, height: side });
    }
  });
});

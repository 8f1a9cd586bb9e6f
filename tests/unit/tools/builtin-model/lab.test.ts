import { describe, expect, it } from 'vitest';
import {
  closerToOwn,
  labOfThirds,
  paletteDistance,
  toLab,
} from '../../../../tools/builtin-model/measure/lab.ts';
import type { Lab, Thirds } from '../../../../tools/builtin-model/measure/lab.ts';

describe('toLab', () => {
  // Values of the sRGB primaries under D65, as published (Lindbloom; two decimals).
  it.each<[string, [number, number, number], Lab]>([
    ['black', [0, 0, 0], [0, 0, 0]],
    ['white', [255, 255, 255], [100, 0, 0]],
    ['red', [255, 0, 0], [53.24, 80.09, 67.2]],
    ['green', [0, 255, 0], [87.73, -86.18, 83.18]],
    ['blue', [0, 0, 255], [32.3, 79.19, -107.86]],
    ['middle grey', [119, 119, 119], [50.03, 0, 0]],
    // In the linear part of both curves: 903.3 / 255 / 12.92.
    ['a grey next to black', [1, 1, 1], [0.27, 0, 0]],
  ])('%s', (_, rgb, expected) => {
    const found = toLab(...rgb);
    for (const [index, value] of expected.entries()) {
      expect(Math.abs((found[index] ?? NaN) - value)).toBeLessThan(0.02);
    }
  });
});

describe('labOfThirds', () => {
  it('is the mean of the upper, middle and lower rows', () => {
    const [width, height] = [2, 7];
    const data = new Uint8ClampedArray(4 * width * height).fill(255);
    // Thirds of seven rows, rounded: rows 0 and 1, 2 to 4, 5 and 6.
    for (let pixel = 0; pixel < width * height; pixel++) {
      const row = Math.floor(pixel / width);
      data.set(row < 2 ? [255, 0, 0] : row < 5 ? [0, 255, 0] : [0, 0, 255], 4 * pixel);
    }
    const expected = [toLab(255, 0, 0), toLab(0, 255, 0), toLab(0, 0, 255)];
    for (const [third, colour] of labOfThirds({ width, height, data }).entries()) {
      for (const [index, value] of colour.entries()) {
        expect(value).toBeCloseTo(expected[third]?.[index] ?? NaN, 9);
      }
    }
  });

  it('averages in Lab', () => {
    const data = Uint8ClampedArray.of(0, 0, 0, 255, 255, 255, 255, 255);
    const [upper] = labOfThirds({
      width: 2,
      height: 3,
      data: Uint8ClampedArray.from([...data, ...data, ...data]),
    });
    expect(upper[0]).toBeCloseTo(50, 3);
  });
});

describe('palettes', () => {
  const plain = (l: number): Thirds => [
    [l, 0, 0],
    [l, 0, 0],
    [l, 0, 0],
  ];

  it('paletteDistance() is the mean distance of the thirds', () => {
    const other: Thirds = [
      [13, 4, 0],
      [10, 0, 0],
      [10, 0, 1],
    ];
    expect(paletteDistance(plain(10), other)).toBeCloseTo((5 + 0 + 1) / 3);
  });

  it('closerToOwn() counts those closest to their own fully, and those closest to another in part or not at all', () => {
    const photographs = [plain(10), plain(50), plain(90)];
    expect(closerToOwn([plain(12), plain(55), plain(80)], photographs)).toBe(1);
    // The first is closer to both others; the second is closer to the first than to its own source.
    expect(closerToOwn([plain(88), plain(20), plain(90)], photographs)).toBeCloseTo(3 / 6);
  });

  it('that are identical do not count as closer', () => {
    expect(closerToOwn([plain(5), plain(5)], [plain(5), plain(5)])).toBe(0);
  });

  it('of a single photograph cannot be compared', () => {
    expect(closerToOwn([plain(5)], [plain(5)])).toBeNull();
  });
});

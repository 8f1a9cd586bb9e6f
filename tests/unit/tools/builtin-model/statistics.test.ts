import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pixelRms } from '../../../../src/base/index.ts';
import type { Picture } from '../../../../src/base/index.ts';
import { differentCaptions, rightShare, tally } from '../../../../tools/builtin-model/measure/clip.ts';
import { contactSheet, fitPicture } from '../../../../tools/builtin-model/measure/pictures.ts';
import { rises } from '../../../../tools/builtin-model/measure/guidance.ts';
import { jumps } from '../../../../tools/builtin-model/measure/smooth.ts';
import {
  dot,
  draw,
  meanOverPairs,
  psnr,
  quantile,
  toUnit,
  uniform,
} from '../../../../tools/builtin-model/measure/statistics.ts';
import { readPng, writePng } from '../../../../tools/png.ts';
import { sceneLabels } from './support.ts';

type Colour = readonly [red: number, green: number, blue: number];

/** Picture whose colour is a function of the position. */
function paint(width: number, height: number, at: (x: number, y: number) => Colour): Picture {
  const pixels = Array.from({ length: width * height }, (_, i) => at(i % width, Math.floor(i / width)));
  return { width, height, data: Uint8ClampedArray.from(pixels.flatMap((colour) => [...colour, 255])) };
}

const colourAt = ({ width, data }: Picture, x: number, y: number) =>
  [...data].slice(4 * (y * width + x), 4 * (y * width + x) + 3);

describe('quantile', () => {
  it('is the minimum, median and maximum, and interpolates in between', () => {
    const values = [40, 10, 30, 20];
    expect([0, 0.5, 1].map((share) => quantile(values, share))).toEqual([10, 25, 40]);
    expect(quantile(values, 0.1)).toBeCloseTo(13);
  });
});

describe('draw', () => {
  it('returns distinct items, the requested number or all, the same for the same seed', () => {
    fc.assert(
      fc.property(fc.nat({ max: 20 }), fc.nat({ max: 25 }), fc.nat(), (length, count, seed) => {
        const items = Array.from({ length }, (_, index) => index);
        const drawn = draw(items, count, uniform(seed));
        expect(new Set(drawn).size).toBe(Math.min(count, length));
        expect(drawn).toEqual(draw(items, count, uniform(seed)));
      }),
    );
  });

  it('is uniform', () => {
    const random = uniform(7);
    const counts = [0, 0, 0, 0];
    for (let round = 0; round < 4000; round++) {
      for (const item of draw([0, 1, 2, 3], 2, random)) counts[item] = (counts[item] ?? 0) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(150);
  });
});

describe('vectors', () => {
  it('toUnit() gives unit length', () => {
    const unit = toUnit(Float32Array.of(3, 0, -4));
    expect([...unit]).toEqual([Math.fround(0.6), 0, Math.fround(-0.8)]);
    expect(dot(unit, unit)).toBeCloseTo(1, 6);
  });

  it('meanOverPairs() compares every pair once, and nothing with itself', () => {
    expect(meanOverPairs([1, 2, 4], (a, b) => b - a)).toBe((1 + 3 + 2) / 3);
  });
});

describe('rightShare', () => {
  const axes = [0, 1, 2, 3].map((axis) => Float32Array.from({ length: 4 }, (_, i) => (i === axis ? 1 : 0)));

  it('is 1 where each is nearest to its own, and 0 where each is nearest to another', () => {
    expect(rightShare(axes, axes)).toBe(1);
    expect(rightShare(axes, [...axes].reverse())).toBe(0);
  });

  it('counts a tie as wrong', () => {
    const [first = new Float32Array(), second = new Float32Array()] = axes;
    expect(rightShare([first, second], [first, first])).toBe(0);
  });
});

describe('pixelRms and psnr', () => {
  const grey = paint(4, 4, () => [100, 100, 100]);

  it('are computed over colours, without alpha', () => {
    const other = paint(4, 4, () => [106, 100, 100]);
    expect(pixelRms(grey, other)).toBeCloseTo(Math.sqrt(12));
    expect(psnr(grey, other)).toBeCloseTo(20 * Math.log10(255 / Math.sqrt(12)));
    expect(psnr(grey, grey)).toBe(Infinity);
  });

  it('reject pictures of different sizes', () => {
    expect(() =>
      pixelRms(
        grey,
        paint(4, 2, () => [0, 0, 0]),
      ),
    ).toThrow(/4×4 and 4×2/);
  });
});

describe('differentCaptions', () => {
  it('keeps the first of equal captions', () => {
    const items = ['a', 'b', 'a'].map((caption) => ({ scene: { labels: { ...sceneLabels(0), caption } } }));
    expect(differentCaptions(items).map(({ scene }) => scene.labels.caption)).toEqual(['a', 'b']);
  });
});

describe('tally', () => {
  it('has the share of right readings for each true value, and its most frequent confusion', () => {
    const readings = [
      ['day', 'day'],
      ['day', 'dawn'],
      ['day', 'night'],
      ['day', 'dawn'],
      ['dusk', 'dusk'],
    ].map(([truth = '', read = '']) => ({ truth, read }));
    expect(tally(readings)).toEqual([
      { value: 'day', pictures: 4, right: 0.25, takenFor: 'dawn' },
      { value: 'dusk', pictures: 1, right: 1, takenFor: null },
    ]);
  });
});

describe('rises', () => {
  it('is true for strictly increasing values', () => {
    expect([[1, 2, 3], [1, 2, 2], [1, 3, 2], [NaN, 1], [1]].map(rises)).toEqual([
      true,
      false,
      false,
      false,
      true,
    ]);
  });
});

describe('jumps', () => {
  const greys = (...levels: number[]) => levels.map((level) => paint(2, 2, () => [level, level, level]));

  it('is the ratio of the largest difference to the median', () => {
    expect(jumps(greys(10, 12, 14, 16, 26, 28))).toEqual({ median: 2, largest: 10, ratio: 5 });
  });

  it('is 1 where pictures do not change, and the maximum where only one does', () => {
    expect(jumps(greys(9, 9, 9)).ratio).toBe(1);
    expect(jumps(greys(9, 9, 9, 10)).ratio).toBe(Number.MAX_VALUE);
  });

  it('requires two pictures', () => {
    expect(() => jumps(greys(1))).toThrow(RangeError);
  });
});

describe('fitPicture', () => {
  it('crops a wide picture to its centre, and averages when reducing', () => {
    const wide = paint(8, 4, (x, y) =>
      x < 2 || x >= 6 ? [0, 0, 255] : [x % 2 === 0 ? 200 : 100, 10 * y, 0],
    );
    const fitted = fitPicture(wide, 2, 2);
    expect([fitted.width, fitted.height]).toEqual([2, 2]);
    expect(colourAt(fitted, 0, 0)).toEqual([150, 5, 0]);
    expect(colourAt(fitted, 1, 1)).toEqual([150, 25, 0]);
  });

  it('crops a tall picture to its centre, also for a size that is not square', () => {
    const high = paint(2, 6, (_, y) => [0, y === 2 || y === 3 ? 200 : 50, 0]);
    expect(colourAt(fitPicture(high, 1, 1), 0, 0)).toEqual([0, 200, 0]);
    const square = paint(4, 4, (_, y) => [y === 0 || y === 3 ? 9 : 10 * y, 0, 0]);
    const fitted = fitPicture(square, 4, 2);
    expect([fitted.width, fitted.height]).toEqual([4, 2]);
    expect([0, 1].map((y) => colourAt(fitted, 3, y))).toEqual([
      [10, 0, 0],
      [20, 0, 0],
    ]);
  });

  it('copies a picture of that size, and enlarges a smaller one', () => {
    const own = paint(3, 3, (x, y) => [x, y, 9]);
    expect(fitPicture(own, 3, 3)).toEqual(own);
    const small = paint(2, 2, (x) => [100 * x, 0, 0]);
    expect([0, 1, 2, 3].map((x) => colourAt(fitPicture(small, 4, 4), x, 0)[0])).toEqual([0, 0, 100, 100]);
  });

  it('reads nothing beyond the edges, whatever the sizes', () => {
    const side = fc.integer({ min: 1, max: 13 });
    fc.assert(
      fc.property(side, side, side, side, (width, height, toWidth, toHeight) => {
        const plain = paint(width, height, () => [70, 80, 90]);
        const { data } = fitPicture(plain, toWidth, toHeight);
        expect([...data]).toEqual(Array.from({ length: toWidth * toHeight }, () => [70, 80, 90, 255]).flat());
      }),
    );
  });
});

describe('contactSheet', () => {
  it('places every picture in its row and column, on white', () => {
    const [red, green, blue] = [0, 1, 2].map((channel) =>
      paint(2, 2, () => [channel === 0 ? 255 : 0, channel === 1 ? 255 : 0, channel === 2 ? 255 : 0]),
    );
    if (!red || !green || !blue) throw new Error('three pictures were painted');
    const sheet = contactSheet([[red, green], [blue]]);
    expect([sheet.width, sheet.height]).toEqual([16, 16]);
    expect(colourAt(sheet, 4, 4)).toEqual([255, 0, 0]);
    expect(colourAt(sheet, 11, 5)).toEqual([0, 255, 0]);
    expect(colourAt(sheet, 4, 10)).toEqual([0, 0, 255]);
    expect(colourAt(sheet, 10, 10)).toEqual([255, 255, 255]);
    expect(readPng(writePng(sheet))).toEqual(sheet);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Picture } from '../../../src/base/index.ts';
import { toI420 } from '../../../src/media/yuv.ts';

function paint(width: number, height: number, colour: (x: number, y: number) => readonly number[]): Picture {
  const data = new Uint8ClampedArray(4 * width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) data.set([...colour(x, y), 255], 4 * (y * width + x));
  }
  return { width, height, data };
}

describe('toI420', () => {
  // 100 % colour bars from tables of 8-bit BT.709.
  it.each([
    ['white', [255, 255, 255], [235, 128, 128]],
    ['black', [0, 0, 0], [16, 128, 128]],
    ['red', [255, 0, 0], [63, 102, 240]],
    ['green', [0, 255, 0], [173, 42, 26]],
    ['blue', [0, 0, 255], [32, 240, 118]],
    ['yellow', [255, 255, 0], [219, 16, 138]],
    ['cyan', [0, 255, 255], [188, 154, 16]],
    ['magenta', [255, 0, 255], [78, 214, 230]],
  ])('%s', (_, colour, [y = 0, cb = 0, cr = 0]) => {
    const planes = toI420(paint(4, 2, () => colour));
    expect([...planes]).toEqual([...Array<number>(8).fill(y), cb, cb, cr, cr]);
  });

  it('has luma for every pixel and the mean chroma of four', () => {
    const halves = paint(4, 4, (x, y) =>
      y < 2 ? (x % 2 === 0 ? [255, 0, 0] : [0, 0, 255]) : [255, 255, 255],
    );
    const planes = toI420(halves);
    expect([...planes.subarray(0, 8)]).toEqual([63, 32, 63, 32, 63, 32, 63, 32]);
    expect([...planes.subarray(16)]).toEqual([171, 171, 128, 128, 179, 179, 128, 128]);
  });

  it('converts back to the original colour within rounding', () => {
    const channel = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(channel, channel, channel, (r, g, b) => {
        const [y = 0, , , , cb = 0, cr = 0] = toI420(paint(2, 2, () => [r, g, b]));
        const luma = (y - 16) / 219;
        const red = luma + (1.5748 * (cr - 128)) / 224;
        const blue = luma + (1.8556 * (cb - 128)) / 224;
        const green = (luma - 0.2126 * red - 0.0722 * blue) / 0.7152;
        for (const [found, wanted] of [
          [red, r],
          [green, g],
          [blue, b],
        ] as const) {
          expect(Math.abs(255 * found - wanted)).toBeLessThan(2);
        }
      }),
    );
  });
});

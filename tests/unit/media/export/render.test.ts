import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Renderer, blended } from '../../../../src/media/export/render.ts';
import type { Picture } from '../../../../src/base/index.ts';

function pictureOf(width: number, height: number, pixel: (x: number, y: number) => number[]): Picture {
  const data = new Uint8ClampedArray(4 * width * height);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) data.set(pixel(x, y), 4 * (y * width + x));
  return { width, height, data };
}
const at = ({ width, data }: Picture, x: number, y: number) => [
  ...data.slice(4 * (y * width + x), 4 * (y * width + x) + 4),
];
const whole = (width: number, height: number) => ({
  width,
  height,
  x: 0,
  y: 0,
  scaledWidth: width,
  scaledHeight: height,
});

describe('Renderer', () => {
  it('repeats pixels with nearest', () => {
    const picture = pictureOf(3, 2, (x, y) => [80 * x, 100 * y, 7, 255]);
    const twice = new Renderer({ placement: whole(6, 4), resampling: 'nearest', fit: 'pad' }).render(picture);
    for (let y = 0; y < 4; y++) {
      for (let x = 0; x < 6; x++) {
        expect(at(twice, x, y)).toEqual([80 * Math.floor(x / 2), 100 * Math.floor(y / 2), 7, 255]);
      }
    }
  });

  it('keeps a uniform colour, enlarged or reduced', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 40 }),
        fc.constantFrom('nearest', 'lanczos', 'browser'),
        (side, width, height, kind) => {
          const plain = pictureOf(side, side, () => [12, 200, 255, 255]);
          const scaled = new Renderer({
            placement: whole(width, height),
            resampling: kind,
            fit: 'crop',
          }).render(plain);
          for (let i = 0; i < scaled.data.length; i += 4) {
            expect([...scaled.data.slice(i, i + 4)]).toEqual([12, 200, 255, 255]);
          }
        },
      ),
    );
  });

  it('keeps a gradient linear with Lanczos', () => {
    const slope = pictureOf(32, 8, (x) => [8 * x, 0, 0, 255]);
    const scaled = new Renderer({ placement: whole(64, 16), resampling: 'lanczos', fit: 'pad' }).render(
      slope,
    );
    for (let x = 8; x < 56; x++) expect(Math.abs((at(scaled, x, 8)[0] ?? 0) - (4 * x - 2))).toBeLessThan(1.5);
  });

  it('scales with Lanczos where the browser has no canvas', () => {
    const slope = pictureOf(32, 8, (x, y) => [8 * x, 30 * y, 8 * ((x * y) % 32), 255]);
    const placement = { width: 40, height: 40, x: -12, y: 4, scaledWidth: 64, scaledHeight: 32 };
    const scaled = (resampling: 'lanczos' | 'browser') =>
      new Renderer({ placement, resampling, fit: 'pad' }).render(slope);
    expect(scaled('browser')).toEqual(scaled('lanczos'));
  });

  it('centres on black when padded, and crops what does not fit', () => {
    const white = pictureOf(8, 4, () => [255, 255, 255, 255]);
    const padded = { width: 8, height: 8, x: 0, y: 2, scaledWidth: 8, scaledHeight: 4 };
    const bars = new Renderer({ placement: padded, resampling: 'lanczos', fit: 'pad' }).render(white);
    expect([0, 1, 2, 5, 6, 7].map((y) => at(bars, 3, y)[0])).toEqual([0, 0, 255, 255, 0, 0]);
    const numbered = pictureOf(8, 4, (x) => [x, 0, 0, 255]);
    const cut = { width: 4, height: 4, x: -2, y: 0, scaledWidth: 8, scaledHeight: 4 };
    const middle = new Renderer({ placement: cut, resampling: 'nearest', fit: 'pad' }).render(numbered);
    expect([0, 1, 2, 3].map((x) => at(middle, x, 0)[0])).toEqual([2, 3, 4, 5]);
  });

  it('keeps the proportions of pictures of other sizes, padded or cropped', () => {
    /** Red at the left edge, blue at the right edge. */
    const wide = pictureOf(64, 16, (x) => [x < 16 ? 255 : 0, 0, x >= 48 ? 255 : 0, 255]);
    const rendered = (fit: 'pad' | 'crop') =>
      new Renderer({ placement: whole(32, 32), resampling: 'nearest', fit }).render(wide);
    const padded = rendered('pad');
    // 32 × 8, centred.
    expect([11, 12, 19, 20].map((y) => at(padded, 0, y)[0])).toEqual([0, 255, 255, 0]);
    expect([0, 7, 8, 23, 24, 31].map((x) => at(padded, x, 16).slice(0, 3))).toEqual([
      ...[
        [255, 0, 0],
        [255, 0, 0],
        [0, 0, 0],
        [0, 0, 0],
        [0, 0, 255],
        [0, 0, 255],
      ],
    ]);
    // 128 × 32, cropped to its middle, without either edge.
    const cropped = rendered('crop');
    for (const x of [0, 16, 31]) expect(at(cropped, x, x)).toEqual([0, 0, 0, 255]);
    // Larger, with the frame's aspect ratio: no bars.
    const white = pictureOf(66, 64, () => [255, 255, 255, 255]);
    const filled = new Renderer({ placement: whole(32, 32), resampling: 'lanczos', fit: 'pad' }).render(
      white,
    );
    expect(new Set(filled.data)).toEqual(new Set([255]));
  });

  it('composites transparency on white', () => {
    const clear = pictureOf(2, 2, () => [0, 0, 0, 0]);
    expect(
      at(new Renderer({ placement: whole(2, 2), resampling: 'nearest', fit: 'pad' }).render(clear), 0, 0),
    ).toEqual([255, 255, 255, 255]);
  });

  it('blended() cross-fades two pictures', () => {
    const [dark, light] = [0, 200].map((value) => pictureOf(1, 1, () => [value, value, value, 255]));
    if (!dark || !light) throw new Error('two pictures');
    expect(at(blended(dark, light, 0.25), 0, 0)).toEqual([50, 50, 50, 255]);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Picture } from '../../../src/base/index.ts';
import { exifOrientation } from '../../../src/media/orientation.ts';
import type { Orientation } from '../../../src/media/orientation.ts';
import { oriented, resampled } from '../../../src/media/resample.ts';
import { concat, utf8 } from '../../support/bytes.ts';
import { noisy } from '../../support/project.ts';

const whole = ({ width, height }: Picture) => ({ x: 0, y: 0, width, height });

function flat(width: number, height: number, colour: readonly [number, number, number, number]): Picture {
  const data = new Uint8ClampedArray(4 * width * height);
  for (let i = 0; i < data.length; i += 4) data.set(colour, i);
  return { width, height, data };
}

describe('resampled, without a canvas', () => {
  it('copies a picture of the requested size bit for bit', () => {
    const picture = noisy(13, 7, 1);
    expect(resampled(picture, whole(picture), 13, 7)).toEqual(picture);
  });

  it('keeps a uniform colour at any size', () => {
    const side = fc.integer({ min: 1, max: 40 });
    fc.assert(
      fc.property(side, side, side, side, (width, height, toWidth, toHeight) => {
        const picture = flat(width, height, [10, 128, 250, 255]);
        expect(resampled(picture, whole(picture), toWidth, toHeight)).toEqual(
          flat(toWidth, toHeight, [10, 128, 250, 255]),
        );
      }),
    );
  });

  it('averages detail that is too fine', () => {
    const checkered = flat(301, 301, [0, 0, 0, 255]);
    for (let i = 0; i < checkered.data.length; i += 8) checkered.data.set([255, 255, 255], i);
    const { data } = resampled(checkered, whole(checkered), 16, 16);
    const inner = data.filter((_, i) => i % 4 !== 3);
    expect(Math.min(...inner)).toBeGreaterThan(124);
    expect(Math.max(...inner)).toBeLessThan(131);
  });

  it('composites transparent pixels on white', () => {
    const clear = flat(4, 4, [0, 200, 0, 0]);
    expect(resampled(clear, whole(clear), 2, 2)).toEqual(flat(2, 2, [255, 255, 255, 255]));
  });
});

describe('the orientation of a JPEG', () => {
  const exif = (order: 'II' | 'MM', orientation: number) => {
    const tiff = new Uint8Array(26);
    const view = new DataView(tiff.buffer);
    const little = order === 'II';
    tiff.set(utf8(order));
    view.setUint16(2, 42, little);
    view.setUint32(4, 8, little);
    view.setUint16(8, 1, little);
    view.setUint16(10, 0x0112, little);
    view.setUint16(12, 3, little);
    view.setUint32(14, 1, little);
    view.setUint16(18, orientation, little);
    const block = concat(utf8('Exif\0\0'), tiff);
    return concat(
      Uint8Array.of(0xff, 0xd8, 0xff, 0xe1, 0, block.length + 2),
      block,
      Uint8Array.of(0xff, 0xda),
    );
  };

  it.each([1, 2, 3, 4, 5, 6, 7, 8] as const)('is read in both byte orders: %i', (orientation) => {
    expect(exifOrientation(exif('II', orientation), 'jpeg')).toBe(orientation);
    expect(exifOrientation(exif('MM', orientation), 'jpeg')).toBe(orientation);
  });

  it('is 1 where EXIF is invalid or damaged', () => {
    expect(exifOrientation(exif('II', 9), 'jpeg')).toBe(1);
    const good = exif('MM', 6);
    fc.assert(
      fc.property(fc.nat(good.length), fc.uint8Array({ maxLength: 40 }), (cut, rest) => {
        expect([1, 6]).toContain(exifOrientation(concat(good.subarray(0, cut)), 'jpeg'));
        expect(exifOrientation(concat(good.subarray(0, 6), rest), 'jpeg')).toBeGreaterThanOrEqual(1);
      }),
    );
  });

  it('rotates and mirrors pixels as in the EXIF standard', () => {
    // 1 2 3
    // 4 5 6
    const picture = flat(3, 2, [0, 0, 0, 255]);
    for (let i = 0; i < 6; i++) picture.data[4 * i] = i + 1;
    const turned = (orientation: Orientation) => {
      const { width, height, data } = oriented(picture, orientation);
      return [width, height, data.filter((_, i) => i % 4 === 0).join('')];
    };
    expect(([1, 2, 3, 4, 5, 6, 7, 8] as const).map(turned)).toEqual([
      [3, 2, '123456'],
      [3, 2, '321654'],
      [3, 2, '654321'],
      [3, 2, '456123'],
      [2, 3, '142536'],
      [2, 3, '415263'],
      [2, 3, '635241'],
      [2, 3, '362514'],
    ]);
  });
});

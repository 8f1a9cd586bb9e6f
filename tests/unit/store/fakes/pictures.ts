import type { Picture } from '../../../../src/base/index.ts';
import { encodePng } from '../../../../src/formats/index.ts';

/** A picture of one colour. */
export function plain(width: number, height: number, value: number): Picture {
  return { width, height, data: new Uint8ClampedArray(4 * width * height).fill(value) };
}

const plainPngs = new Map<string, Uint8Array<ArrayBuffer>>();

/** PNG of a picture. Those of `plain` pictures are encoded once, because tests of faults need the same few thousands of times over. */
export function pngOf(picture: Picture): Uint8Array<ArrayBuffer> {
  const [value] = picture.data;
  if (picture.data.some((other) => other !== value)) return encodePng(picture);
  const key = `${picture.width}×${picture.height}:${value}`;
  const png = plainPngs.get(key) ?? encodePng(picture);
  plainPngs.set(key, png);
  return png;
}

/** Value of a `plain` picture. */
export function valueOf(picture: Picture | undefined): number | undefined {
  return picture?.data[0];
}

export function file(content: string): Blob {
  return new Blob([content], { type: 'image/png' });
}

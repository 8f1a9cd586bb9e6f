import { decode, encode } from 'fast-png';
import type { Picture } from '../src/base/index.ts';

/**
 * Decodes an 8-bit RGB or RGBA PNG; alpha is set to opaque.
 *
 * @throws Error if it has another format, or is no PNG
 */
export function readPng(bytes: Uint8Array): Picture {
  const { width, height, channels, depth, data } = decode(bytes);
  if (depth !== 8 || (channels !== 3 && channels !== 4)) throw new Error('not an 8-bit RGB picture');
  const rgba = new Uint8ClampedArray(4 * width * height).fill(255);
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      rgba[4 * pixel + channel] = data[channels * pixel + channel] ?? 0;
    }
  }
  return { width, height, data: rgba };
}

/** Encodes a picture as an RGB PNG, without alpha. */
export function writePng({ width, height, data }: Picture): Uint8Array {
  const rgb = data.filter((_, index) => index % 4 !== 3);
  return encode({ width, height, channels: 3, depth: 8, data: rgb });
}

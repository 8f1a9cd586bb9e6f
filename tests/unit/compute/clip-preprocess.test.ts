import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCpuCompute } from '../../../src/compute/index.ts';
import type { Picture } from '../../../src/base/index.ts';
import { golden, goldenChecks, largestDifference, noisePicture, relativeError, values } from './support.ts';

const compute = createCpuCompute();

async function clipPixels(picture: Picture, size = 224): Promise<number[]> {
  const source = compute.uploadPicture(picture);
  const out = compute.clipPreprocess(source, size, 'float32');
  expect(out.dims).toEqual([1, 3, size, size]);
  const data = await values(compute, out);
  source.dispose();
  out.dispose();
  return data;
}

const mean = [0.48145466, 0.4578275, 0.40821073];
const deviation = [0.26862954, 0.26130258, 0.27577711];

describe('clipPreprocess', () => {
  it.each(goldenChecks('preprocess'))('agrees with the original: $name', async (check) => {
    const out = await clipPixels(await golden.picture(check.image));
    expect(relativeError(out, (await golden.array(check.pixelValues)).data)).toBeLessThan(2e-6);
  });

  it('only normalises a picture that has the right size', async () => {
    const picture = await noisePicture(1, 16, 16);
    const expected = [0, 1, 2].flatMap((channel) =>
      Array.from({ length: 256 }, (_, pixel) => {
        const value = (picture.data[4 * pixel + channel] ?? NaN) / 255;
        return (value - (mean[channel] ?? NaN)) / (deviation[channel] ?? NaN);
      }),
    );
    expect(largestDifference(await clipPixels(picture, 16), expected)).toBeLessThan(1e-6);
  });

  it('keeps a uniform colour uniform at every size', async () => {
    const side = fc.integer({ min: 1, max: 40 });
    const byte = fc.integer({ min: 0, max: 255 });
    await fc.assert(
      fc.asyncProperty(side, side, side, fc.tuple(byte, byte, byte), async (width, height, size, color) => {
        const data = new Uint8ClampedArray(4 * width * height).map((_, i) => color[i % 4] ?? 9);
        const out = await clipPixels({ width, height, data }, size);
        const expected = color.map((value, i) => (value / 255 - (mean[i] ?? NaN)) / (deviation[i] ?? NaN));
        const area = size * size;
        const spread = out.map((value, i) => Math.abs(value - (expected[Math.floor(i / area)] ?? NaN)));
        expect(Math.max(...spread)).toBeLessThan(1e-5);
      }),
      { numRuns: 50 },
    );
  });

  it('commutes with transposition', async () => {
    const picture = await noisePicture(2, 23, 9);
    const transposed = { width: 9, height: 23, data: picture.data.slice() };
    for (let y = 0; y < 9; y++) {
      for (let x = 0; x < 23; x++) {
        const start = 4 * (y * 23 + x);
        transposed.data.set(picture.data.subarray(start, start + 4), 4 * (x * 9 + y));
      }
    }
    const size = 14;
    const out = await clipPixels(picture, size);
    const other = await clipPixels(transposed, size);
    const turned = out.map((_, i) => {
      const [channel, y, x] = [Math.floor(i / size ** 2), Math.floor(i / size) % size, i % size];
      return other[(channel * size + x) * size + y] ?? NaN;
    });
    expect(largestDifference(out, turned)).toBeLessThan(1e-6);
  });

  it('ignores alpha and does not modify the picture', async () => {
    const picture = await noisePicture(3, 31, 17);
    const before = picture.data.slice();
    const opaque = { ...picture, data: picture.data.map((value, i) => (i % 4 === 3 ? 255 : value)) };
    expect(await clipPixels(picture)).toEqual(await clipPixels(opaque));
    expect(picture.data).toEqual(before);
  });

  it('overshoots at a hard edge, as bicubic without a clamp does', async () => {
    const data = new Uint8ClampedArray(4 * 8).map((_, i) => (i < 16 ? 0 : 255));
    const out = await clipPixels({ width: 8, height: 1, data }, 64);
    expect(Math.max(...out.slice(0, 64))).toBeGreaterThan((1.05 - 0.48145466) / 0.26862954);
    expect(Math.min(...out.slice(0, 64))).toBeLessThan((-0.05 - 0.48145466) / 0.26862954);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCpuCompute } from '../../../src/compute/index.ts';
import { largestDifference, normal, values } from './support.ts';

const compute = createCpuCompute();

async function frame(decoded: Float32Array, dims: readonly number[]): Promise<number[]> {
  const source = compute.upload(decoded, dims);
  const out = compute.frameFromDecoded(source);
  const data = await values(compute, out);
  source.dispose();
  out.dispose();
  return data;
}

const red = async (value: number) => (await frame(Float32Array.of(value, 0, 0), [1, 3, 1, 1]))[0];

describe('frameFromDecoded', () => {
  it('interleaves colour planes into opaque pixels, in order', async () => {
    const byte = fc.integer({ min: 0, max: 255 });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 4 }),
        fc.infiniteStream(byte),
        async (batch, height, width, stream) => {
          const area = height * width;
          const pixels = Array.from(stream.take(3 * batch * area));
          // Planar (CHW) for the decoder, interleaved (HWC) for the frame.
          const planes = new Float32Array(pixels.length);
          const expected: number[] = [];
          for (let pixel = 0; pixel < batch * area; pixel++) {
            for (let channel = 0; channel < 3; channel++) {
              const value = pixels[3 * pixel + channel] ?? NaN;
              const plane = 3 * Math.floor(pixel / area) + channel;
              planes[plane * area + (pixel % area)] = (value / 255) * 2 - 1;
              expected.push(value);
            }
            expected.push(255);
          }
          expect(await frame(planes, [batch, 3, height, width])).toEqual(expected);
        },
      ),
    );
  });

  it('clamps and rounds to the nearest', async () => {
    await fc.assert(
      fc.asyncProperty(fc.float({ noNaN: true }), async (value) => {
        const exact = Math.min(1, Math.max(0, value / 2 + 0.5)) * 255;
        expect(Math.abs(Number(await red(value)) - exact)).toBeLessThan(0.5001);
      }),
    );
    expect(await red(-Infinity)).toBe(0);
    expect(await red(Infinity)).toBe(255);
    expect(await red(-1.0001)).toBe(0);
    expect(await red(1.0001)).toBe(255);
  });

  it('rounds halves to even, as the original does', async () => {
    // float32 values that map exactly to 64.5, 70.5 and 127.5.
    expect(await red(-0.4941176474094391)).toBe(64);
    expect(await red(-0.4470588266849518)).toBe(70);
    expect(await red(0)).toBe(128);
  });

  it('sets the second overflow flag for values that are not finite, and only for those', async () => {
    for (const [value, flag] of [
      [NaN, 1],
      [Infinity, 1],
      [-Infinity, 1],
      [3e38, 0],
    ] as const) {
      const decoded = compute.upload(Float32Array.of(0, 0, 0, 0, value, 0), [1, 3, 1, 2]);
      const overflow = compute.empty([2], 'float32');
      const out = compute.frameFromDecoded(decoded, overflow);
      expect(await values(compute, overflow)).toEqual([0, flag]);
      for (const tensor of [decoded, overflow, out]) tensor.dispose();
    }
  });

  it('writes NaN as black', async () => {
    expect(await frame(Float32Array.of(NaN, NaN, NaN), [1, 3, 1, 1])).toEqual([0, 0, 0, 255]);
  });
});

describe('latentPreview', () => {
  it.each([4, 16])(
    'of %i channels is their weighted sum plus the bias, converted as a frame',
    async (channels) => {
      const [batch, height, width] = [2, 3, 5];
      const area = height * width;
      const latents = await normal(1, batch * channels * area);
      const factors = Array.from(await normal(2, 3 * (channels + 1), 0.3));
      const source = compute.upload(latents, [batch, channels, height, width]);
      const preview = compute.latentPreview(source, factors);
      expect(preview.dims).toEqual([batch, height, width, 4]);
      const decoded = new Float32Array(batch * 3 * area);
      for (let item = 0; item < batch; item++) {
        for (let color = 0; color < 3; color++) {
          for (let pixel = 0; pixel < area; pixel++) {
            let sum = factors[3 * channels + color] ?? NaN;
            for (let channel = 0; channel < channels; channel++) {
              sum +=
                (factors[3 * channel + color] ?? NaN) *
                (latents[(channels * item + channel) * area + pixel] ?? NaN);
            }
            decoded[(3 * item + color) * area + pixel] = sum;
          }
        }
      }
      const expected = await frame(decoded, [batch, 3, height, width]);
      // Sums in float64 and float32 may be on different sides of a tie.
      expect(largestDifference(await values(compute, preview), expected)).toBeLessThanOrEqual(1);
      source.dispose();
      preview.dispose();
    },
  );
});

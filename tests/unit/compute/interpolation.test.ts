import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCpuCompute } from '../../../src/compute/index.ts';
import { largestDifference, normal, values } from './support.ts';

const compute = createCpuCompute();

const floats = (length: number) =>
  fc.array(fc.float({ noNaN: true, min: -1000, max: 1000 }), { minLength: length, maxLength: length });

async function lerp(a: Float32Array, b: Float32Array, t: number, renormalise: boolean): Promise<number[]> {
  const tensors = [a, b].map((data) => compute.upload(data, [1, data.length]));
  const [first, second] = tensors;
  if (!first || !second) throw new Error('two rows');
  const out = compute.empty([3, a.length], 'float32');
  compute.lerp(first, second, t, renormalise, out, 1);
  const data = await values(compute, out);
  for (const tensor of [...tensors, out]) tensor.dispose();
  // Only its own row is written.
  expect(data.slice(0, a.length).concat(data.slice(2 * a.length))).toEqual(Array(2 * a.length).fill(0));
  return data.slice(a.length, 2 * a.length);
}

describe('lerp', () => {
  it('equals its ends at t = 0 and t = 1, renormalised or not', async () => {
    await fc.assert(
      fc.asyncProperty(floats(6), floats(6), fc.boolean(), async (from, to, renormalise) => {
        const [a, b] = [Float32Array.from(from), Float32Array.from(to)];
        expect(largestDifference(await lerp(a, b, 0, renormalise), a)).toBe(0);
        expect(largestDifference(await lerp(a, b, 1, renormalise), b)).toBe(0);
      }),
    );
  });

  it('is linear in between', async () => {
    await fc.assert(
      fc.asyncProperty(
        floats(4),
        floats(4),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (from, to, t) => {
          const [a, b] = [Float32Array.from(from), Float32Array.from(to)];
          const expected = a.map((value, i) => (1 - t) * value + t * (b[i] ?? NaN));
          expect(largestDifference(await lerp(a, b, t, false), expected)).toBeLessThan(1e-3);
        },
      ),
    );
  });

  it.each([0.1, 0.25, 0.4, 0.5, 0.9])('renormalised keeps the variance of noise at t = %d', async (t) => {
    const count = 100_000;
    const [a, b] = [await normal(1, count), await normal(2, count)];
    const variance = (data: number[]) => data.reduce((sum, value) => sum + value * value, 0) / count;
    const fiveErrors = 5 * Math.sqrt(2 / count);
    expect(Math.abs(variance(await lerp(a, b, t, true)) - 1)).toBeLessThan(fiveErrors);
    // Interpolation without renormalisation does not preserve the variance.
    const lost = 1 - (t * t + (1 - t) * (1 - t));
    expect(Math.abs(1 - variance(await lerp(a, b, t, false)) - lost)).toBeLessThan(fiveErrors);
  });
});

describe('cosines', () => {
  it('are in -1 … 1 and do not depend on vector lengths', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 1000 }),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 30 }),
        fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
        async (seed, n, m, d, scale) => {
          const a = await normal(seed, n * d);
          const b = await normal(seed + 1, m * d);
          const cosines = async (left: Float32Array) => {
            const [x, y] = [compute.upload(left, [n, d]), compute.upload(b, [m, d])];
            const out = compute.cosines(x, y);
            expect(out.dims).toEqual([n, m]);
            const data = await values(compute, out);
            for (const tensor of [x, y, out]) tensor.dispose();
            return data;
          };
          const plain = await cosines(a);
          for (const value of plain) expect(Math.abs(value)).toBeLessThanOrEqual(1);
          const scaled = await cosines(a.map((value) => value * scale));
          expect(largestDifference(plain, scaled)).toBeLessThan(1e-5);
        },
      ),
    );
  });

  it('are 1 with itself, -1 with the opposite, 0 when perpendicular, NaN for a zero vector', async () => {
    const rows = Float32Array.of(3, 4, -3, -4, -4, 3, 0, 0);
    const tensor = compute.upload(rows, [4, 2]);
    const out = await values(compute, compute.cosines(compute.head(tensor, 1), tensor));
    expect(out).toEqual([1, -1, 0, NaN]);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Curve, frameAt, frameTicks, sharedRange, ticks } from '../../../src/ui/player/curve.ts';

function curveOf(values: readonly (number | null)[]): Curve {
  const curve = new Curve();
  for (const value of values) curve.push(value);
  return curve;
}

describe('Curve', () => {
  it('stays inside its box and draws higher values higher', () => {
    const values = fc.array(fc.option(fc.double({ min: -1, max: 1, noNaN: true }), { nil: null }), {
      minLength: 2,
    });
    fc.assert(
      fc.property(values, (series) => {
        const range = sharedRange([curveOf(series)]);
        if (!range) {
          expect(series.every((value) => value === null)).toBe(true);
          return;
        }
        const drawn = [
          ...curveOf(series)
            .path(range)
            .matchAll(/[ML]([\d.-]+) ([\d.-]+)/g),
        ];
        const known = series.filter((value) => value !== null);
        expect(drawn).toHaveLength(known.length);
        drawn.forEach(([, x, y], index) => {
          expect(Number(x)).toBeGreaterThanOrEqual(0);
          expect(Number(x)).toBeLessThanOrEqual(100);
          expect(Number(y)).toBeGreaterThanOrEqual(0);
          expect(Number(y)).toBeLessThanOrEqual(100);
          const [value, next] = [known[index], known[index + 1]];
          if (value !== undefined && next !== undefined && next > value) {
            expect(Number(drawn[index + 1]?.[2])).toBeLessThanOrEqual(Number(y));
          }
        });
      }),
    );
  });

  it('leaves a gap for null values', () => {
    expect(curveOf([0, null, 1, 0.5]).path({ low: 0, high: 1 })).toBe('M0.00 100.00M66.67 0.00L100.00 50.00');
  });

  it('maps each drawn point back to its frame, and positions outside to the first or last', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1000 }),
        fc.double({ min: -9, max: 9, noNaN: true }),
        (frames, position) => {
          const path = curveOf(Array<number>(frames).fill(0.5)).path({ low: 0, high: 1 });
          const drawn = [...path.matchAll(/[ML]([\d.]+) /g)].map(([, x]) => Number(x) / 100);
          expect(drawn.map((x) => frameAt(x, frames))).toEqual(drawn.map((_, index) => index + 1));
          expect(frameAt(position, frames)).toBeGreaterThanOrEqual(1);
          expect(frameAt(position, frames)).toBeLessThanOrEqual(frames);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('of very many frames is as short as that of a thousand, and keeps every peak', () => {
    const values = Array.from({ length: 200_000 }, (_, i) => (i === 123_456 ? 1 : 0));
    const curve = curveOf(values);
    const path = curve.path({ low: 0, high: 1 });
    expect(path.length).toBeLessThan(30_000);
    const peaks = [...path.matchAll(/[ML]([\d.]+) 0\.00/g)].map(([, x]) => Number(x));
    expect(peaks).toHaveLength(1);
    expect(peaks[0]).toBeCloseTo((100 * 123_456) / 199_999, 0);
  });

  it('does not magnify negligible changes', () => {
    expect(sharedRange([curveOf([0.5, 0.5001])])?.high).toBeCloseTo(0.506, 3);
  });
});

describe('ticks', () => {
  it('are round numbers with the decimals that they need', () => {
    expect(ticks({ low: 0.188, high: 0.276 }, 5)).toEqual({ values: [0.2, 0.22, 0.24, 0.26], decimals: 2 });
    expect(ticks({ low: -0.3, high: 1 }, 5)).toEqual({ values: [0, 0.5, 1], decimals: 1 });
    expect(ticks({ low: 0.494, high: 0.506 }, 5)).toEqual({
      values: [0.495, 0.5, 0.505],
      decimals: 3,
    });
  });

  it('lie inside the range, in order, a few of them and all different as text', () => {
    const ranges = fc.record({
      low: fc.double({ min: -1, max: 1, noNaN: true }),
      spread: fc.double({ min: 0.012, max: 2, noNaN: true }),
    });
    fc.assert(
      fc.property(ranges, ({ low, spread }) => {
        const high = low + spread;
        const { values, decimals } = ticks({ low, high }, 5);
        expect(values.length).toBeGreaterThanOrEqual(1);
        expect(values.length).toBeLessThanOrEqual(5);
        for (const value of values) {
          expect(value).toBeGreaterThanOrEqual(low - 1e-6);
          expect(value).toBeLessThanOrEqual(high + 1e-6);
        }
        const texts = values.map((value) => value.toFixed(decimals));
        expect(new Set(texts).size).toBe(values.length);
        expect(values).toEqual(values.toSorted((a, b) => a - b));
      }),
    );
  });

  it('of frames are the first, the last and round numbers between', () => {
    expect([0, 1, 2, 3].map((frames) => frameTicks(frames, 6))).toEqual([[], [1], [1, 2], [1, 2, 3]]);
    expect(frameTicks(24, 6)).toEqual([1, 5, 10, 15, 20, 24]);
    expect(frameTicks(10_000, 6)).toEqual([1, 2000, 4000, 6000, 8000, 10_000]);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20_000 }), (frames) => {
        const numbers = frameTicks(frames, 6);
        expect([numbers[0], numbers.at(-1)]).toEqual([1, frames]);
        expect(numbers.length).toBeLessThanOrEqual(7);
        expect(new Set(numbers).size).toBe(numbers.length);
        expect(numbers.every(Number.isInteger)).toBe(true);
      }),
    );
  });
});

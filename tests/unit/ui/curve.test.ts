import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Curve, frameAt, sharedRange } from '../../../src/ui/player/curve.ts';

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

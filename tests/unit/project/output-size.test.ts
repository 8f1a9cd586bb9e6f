import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { noReduction, nextReduction, placementOf, scaleFor } from '../../../src/project/index.ts';
import type { Reduction } from '../../../src/project/index.ts';

const side = fc.integer({ min: 8, max: 256 }).map((n) => 8 * n);
const size = fc.record({ width: side, height: side });
const shape = fc.constantFrom('frame', 'square', 'portrait', 'landscape');
const fit = fc.constantFrom('pad', 'crop');

describe('placementOf', () => {
  it.each([
    ['frame', 'pad', 1024, 768],
    ['square', 'pad', 1024, 1024],
    ['square', 'crop', 768, 768],
    ['landscape', 'pad', 1366, 768],
    ['landscape', 'crop', 1024, 576],
    ['portrait', 'pad', 1024, 1820],
    ['portrait', 'crop', 432, 768],
  ] as const)('%s, %s: %i × %i of 512 × 384 at scale 2', (shape, fit, width, height) => {
    expect(placementOf({ width: 512, height: 384 }, { scale: 2, shape, fit })).toMatchObject({
      width,
      height,
    });
  });

  it('is even and bounded, and the picture is centred: inside when padded, covering when cropped', () => {
    fc.assert(
      fc.property(
        size,
        fc.double({ min: 0.1, max: 16, noNaN: true }),
        shape,
        fit,
        (size, scale, shape, fit) => {
          const { width, height, x, y, scaledWidth, scaledHeight } = placementOf(size, { scale, shape, fit });
          for (const length of [width, height, scaledWidth, scaledHeight]) {
            expect(length % 2).toBe(0);
            expect(length).toBeGreaterThanOrEqual(2);
          }
          expect(Math.max(width, height)).toBeLessThanOrEqual(4096);
          expect([2 * x + scaledWidth, 2 * y + scaledHeight]).toEqual([width, height]);
          const inside = fit === 'pad' || shape === 'frame';
          expect(inside ? Math.min(x, y) >= 0 : Math.max(x, y) <= 0).toBe(true);
        },
      ),
    );
  });

  it('gives the requested side with scaleFor()', () => {
    fc.assert(
      fc.property(size, fit, fc.constantFrom(512, 1080), (size, fit, side) => {
        const scale = scaleFor(size, side, { shape: 'square', fit });
        const { width, height } = placementOf(size, { scale, shape: 'square', fit });
        // A picture four times as long as wide would exceed the maximum size.
        if (fit === 'pad' || Math.max(size.width, size.height) * scale <= 4096) {
          expect([width, height]).toEqual([side, side]);
        }
      }),
    );
  });
});

describe('nextReduction', () => {
  it('reduces something at each step, and terminates', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('gif', 'mp4', 'webm', 'webp', 'apng'),
        fc.boolean(),
        fc.double({ min: 1.0001, max: 1000, noNaN: true }),
        (format, fixedSize, excess) => {
          let reduction: Reduction | null = noReduction;
          for (let steps = 0; reduction; steps++) {
            expect(steps).toBeLessThan(100);
            const next = nextReduction(reduction, { format, fixedSize, bytes: excess * 1e6, limit: 1e6 });
            if (next) {
              const { quality, shrink, every } = reduction;
              expect(next.quality < quality || next.shrink < shrink || next.every > every).toBe(true);
              if (fixedSize) expect(next.shrink).toBe(1);
              else expect(next.every).toBe(1);
            }
            reduction = next;
          }
        },
      ),
    );
  });
});

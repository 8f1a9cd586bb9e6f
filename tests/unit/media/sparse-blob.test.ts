import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SparseBlob } from '../../../src/media/sparse-blob.ts';

describe('a file that is written piece by piece', () => {
  it('holds what was written last at each place', async () => {
    const piece = fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.nat());
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 12 }), async (pieces) => {
        const file = new SparseBlob();
        const expected: number[] = [];
        for (const [bytes, place] of pieces) {
          // Most pieces come at the end, as those of an encoder do.
          const position = place % 3 === 0 ? place % (expected.length + 1) : expected.length;
          file.write(new Uint8Array(bytes), position);
          for (const [i, byte] of bytes.entries()) expected[position + i] = byte;
        }
        expect(file.size).toBe(expected.length);
        const blob = file.blob('video/mp4');
        expect(blob.type).toBe('video/mp4');
        expect([...new Uint8Array(await blob.arrayBuffer())]).toEqual(expected);
      }),
      { numRuns: 50 },
    );
  });

  it('has no gaps', () => {
    expect(() => {
      new SparseBlob().write(new Uint8Array(1), 1);
    }).toThrow(RangeError);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BlobOutput } from '../../../src/formats/index.ts';

describe('an output file in Blobs', () => {
  it('holds what was written last at each place', async () => {
    const piece = fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.nat());
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 12 }), async (pieces) => {
        const file = new BlobOutput();
        const expected: number[] = [];
        for (const [bytes, place] of pieces) {
          // Most pieces come at the end, as those of an encoder do.
          const position = place % 3 === 0 ? place % (expected.length + 1) : expected.length;
          file.write(new Uint8Array(bytes), position);
          for (const [i, byte] of bytes.entries()) expected[position + i] = byte;
        }
        expect(file.size).toBe(expected.length);
        const blob = await file.finish('video/mp4');
        expect(blob.type).toBe('video/mp4');
        expect([...new Uint8Array(await blob.arrayBuffer())]).toEqual(expected);
      }),
      { numRuns: 50 },
    );
  });

  it('has no gaps', () => {
    expect(() => {
      new BlobOutput().write(new Uint8Array(1), 1);
    }).toThrow(RangeError);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BlobOutput } from '../../../src/formats/index.ts';

describe('BlobOutput', () => {
  it('holds the last bytes written at each position', async () => {
    const part = fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.nat());
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 12 }), async (parts) => {
        const file = new BlobOutput();
        const expected: number[] = [];
        for (const [bytes, at] of parts) {
          // Most parts are appended, like those of an encoder.
          const position = at % 3 === 0 ? at % (expected.length + 1) : expected.length;
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

  it('rejects gaps', () => {
    expect(() => {
      new BlobOutput().write(new Uint8Array(1), 1);
    }).toThrow(RangeError);
  });
});

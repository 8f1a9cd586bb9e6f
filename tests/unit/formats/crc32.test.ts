import { crc32 as referenceCrc32 } from 'node:zlib';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { crc32 } from '../../../src/formats/index.ts';

it('crc32 agrees with zlib, at any alignment and in any parts', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(100), fc.nat(100), (bytes, from, cut) => {
      const part = bytes.subarray(from);
      expect(crc32(part)).toBe(referenceCrc32(part));
      expect(crc32(bytes.subarray(cut), crc32(bytes.subarray(0, cut)))).toBe(referenceCrc32(bytes));
    }),
  );
});

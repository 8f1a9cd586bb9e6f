import { describe, expect, it } from 'vitest';
import { mendedAvcConfig } from '../../../src/media/avc-config.ts';

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));
/** What Firefox 153 gives for 160 × 96, and the parameter sets of the same encoder as a byte stream. */
const firefox = '01640016030100176767640016acd9428da10000030001001e84800f162d960100066868ebecb22c';
const sequence = '67640016acd9428da10000030001001e84800f162d96';
const picture = '68ebecb22c';

describe('mendedAvcConfig', () => {
  it('takes the doubled first bytes of Firefox’s parameter sets away, and sets the reserved bits', () => {
    const mended = Buffer.from(mendedAvcConfig(bytes(firefox))).toString('hex');
    expect(mended).toBe(`01640016ffe10016${sequence}010005${picture}`);
  });

  it('leaves sound records as they are', () => {
    for (const hex of [
      `01640016ffe10016${sequence}010005${picture}`,
      `01640016ffe10016${sequence}010005${picture}fdf8f800`,
      '01',
      '',
    ]) {
      const record = bytes(hex);
      expect(mendedAvcConfig(record)).toBe(record);
    }
  });

  it('leaves a record alone that ends too early', () => {
    for (let length = 0; length < firefox.length / 2; length++) {
      const record = bytes(firefox).subarray(0, length);
      expect(mendedAvcConfig(record).length).toBeLessThanOrEqual(length);
    }
  });
});

import { describe, expect, it } from 'vitest';
import { freeNow } from '../../../src/base/index.ts';

describe('freeNow', () => {
  it('detaches the buffer where the engine supports it, and otherwise does nothing', () => {
    const array = new Float32Array([1, 2, 3]);
    freeNow(array);
    freeNow(array);
    freeNow(new Uint8Array(array.buffer));
    expect(array.length).toBe('transfer' in ArrayBuffer.prototype ? 0 : 3);
  });

  it('leaves a subarray of a larger buffer alone', () => {
    const whole = new Uint8Array([1, 2, 3, 4]);
    freeNow(whole.subarray(1));
    freeNow(whole.subarray(0, 2));
    expect([...whole]).toEqual([1, 2, 3, 4]);
  });
});

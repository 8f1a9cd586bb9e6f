import { describe, expect, it } from 'vitest';
import { freeNow } from '../../../src/base/index.ts';

describe('an array that is freed', () => {
  it('is empty where the engine can free it, and as it was where it cannot', () => {
    const array = new Float32Array([1, 2, 3]);
    freeNow(array);
    freeNow(array);
    freeNow(new Uint8Array(array.buffer));
    expect(array.length).toBe('transfer' in ArrayBuffer.prototype ? 0 : 3);
  });

  it('is left alone when others may see its memory', () => {
    const whole = new Uint8Array([1, 2, 3, 4]);
    freeNow(whole.subarray(1));
    freeNow(whole.subarray(0, 2));
    expect([...whole]).toEqual([1, 2, 3, 4]);
  });
});

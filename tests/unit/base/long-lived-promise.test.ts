import { describe, expect, it } from 'vitest';
import { LongLivedPromise } from '../../../src/base/index.ts';

describe('LongLivedPromise.race', () => {
  it('passes results and errors on and keeps no listeners', async () => {
    const promise = new LongLivedPromise(new Promise<never>(() => undefined));
    for (let step = 0; step < 1000; step++) {
      expect(await promise.race(Promise.resolve(step))).toBe(step);
    }
    await expect(promise.race(Promise.reject(new Error('failed')))).rejects.toThrow('failed');
    expect(promise.waits).toBe(0);
  });

  it('rejects with the long-lived promise, for pending and later calls', async () => {
    let end: (error: Error) => void = () => undefined;
    const promise = new LongLivedPromise(new Promise<never>((_, reject) => (end = reject)));
    const waits = [1, 2].map(() => promise.race(new Promise(() => undefined)));
    end(new Error('lost'));
    for (const wait of waits) await expect(wait).rejects.toThrow('lost');
    await expect(promise.race(Promise.resolve(1))).rejects.toThrow('lost');
    expect(promise.waits).toBe(0);
  });
});

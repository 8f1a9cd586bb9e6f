import { describe, expect, it } from 'vitest';
import { Lasting } from '../../../src/base/index.ts';

describe('Lasting.during', () => {
  it('passes results and errors on and keeps no listeners', async () => {
    const lasting = new Lasting(new Promise<never>(() => undefined));
    for (let step = 0; step < 1000; step++) {
      expect(await lasting.during(Promise.resolve(step))).toBe(step);
    }
    await expect(lasting.during(Promise.reject(new Error('failed')))).rejects.toThrow('failed');
    expect(lasting.waits).toBe(0);
  });

  it('rejects with the lasting promise, for pending and later calls', async () => {
    let end: (error: Error) => void = () => undefined;
    const lasting = new Lasting(new Promise<never>((_, reject) => (end = reject)));
    const waits = [1, 2].map(() => lasting.during(new Promise(() => undefined)));
    end(new Error('lost'));
    for (const wait of waits) await expect(wait).rejects.toThrow('lost');
    await expect(lasting.during(Promise.resolve(1))).rejects.toThrow('lost');
    expect(lasting.waits).toBe(0);
  });
});

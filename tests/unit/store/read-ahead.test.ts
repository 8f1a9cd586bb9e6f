import { describe, expect, it } from 'vitest';
import { readAheadBytes, createReadAhead } from '../../../src/store/read-ahead.ts';

/** A reader of pictures of one size, whose reads the test resolves in any order. */
function slowReader(bytes = 1) {
  const begun: number[] = [];
  const ends = new Map<number, (failure?: Error) => void>();
  const ahead = createReadAhead(
    (position) => {
      begun.push(position);
      return new Promise<void>((resolve, reject) => {
        ends.set(position, (failure) => {
          if (failure) reject(failure);
          else resolve();
        });
      });
    },
    () => bytes,
  );
  const end = async (position: number, failure?: Error) => {
    ends.get(position)?.(failure);
    // The read settles, and the next one starts, in microtasks.
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { begun, ahead, end };
}

describe('createReadAhead', () => {
  it('reads a few positions at a time, nearest first', async () => {
    const { begun, ahead, end } = slowReader();
    ahead.want([1, 2, 3, 4, 5, 6]);
    expect(begun).toEqual([1, 2, 3, 4]);
    await end(3);
    expect(begun).toEqual([1, 2, 3, 4, 5]);
    await end(1);
    expect(begun).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('never reads positions no longer wanted, however slow the reads are', async () => {
    const { begun, ahead, end } = slowReader();
    for (let position = 0; position < 100; position++) {
      ahead.want(Array.from({ length: 10 }, (_, index) => position + index));
    }
    expect(begun).toEqual([0, 1, 2, 3]);
    await end(0);
    expect(begun).toEqual([0, 1, 2, 3, 99]);
  });

  it('continues after a failed read', async () => {
    const { begun, ahead, end } = slowReader();
    ahead.want([1, 2, 3, 4, 5]);
    await end(2, new Error('lost'));
    expect(begun).toEqual([1, 2, 3, 4, 5]);
  });

  it('reads again what is requested again', async () => {
    const { begun, ahead, end } = slowReader();
    ahead.want([1]);
    await end(1);
    ahead.want([1]);
    expect(begun).toEqual([1, 1]);
  });

  it('bounds concurrent reads by memory, but allows two pictures of any size', async () => {
    const third = slowReader(readAheadBytes / 3);
    third.ahead.want([1, 2, 3, 4, 5]);
    expect(third.begun).toEqual([1, 2, 3]);
    await third.end(1);
    expect(third.begun, 'no more in total').toEqual([1, 2, 3]);

    const whole = slowReader(readAheadBytes);
    whole.ahead.want([1, 2, 3, 4, 5]);
    expect(whole.begun).toEqual([1, 2]);
    whole.ahead.want([6, 7, 8]);
    expect(whole.begun, 'while reads no longer wanted are pending').toEqual([1, 2]);
    await whole.end(1);
    expect(whole.begun).toEqual([1, 2, 6]);
  });
});

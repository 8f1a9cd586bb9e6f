import { describe, expect, it } from 'vitest';
import { isAbort } from '../../../src/base/index.ts';
import { abortable, allOrNone, createQueue } from '../../../src/base/queue.ts';

/** A promise with its resolve and reject functions. */
function deferred<T>() {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

const neverAborted = new AbortController().signal;

describe('createQueue', () => {
  it('runs one task at a time, in order', async () => {
    const queue = createQueue();
    const log: string[] = [];
    const gate = deferred<undefined>();
    const first = queue.run(neverAborted, async () => {
      log.push('first begins');
      await gate.promise;
      log.push('first ends');
      return 1;
    });
    const second = queue.run(neverAborted, () => {
      log.push('second');
      return Promise.resolve(2);
    });
    gate.resolve(undefined);
    expect(await Promise.all([first, second])).toEqual([1, 2]);
    expect(log).toEqual(['first begins', 'first ends', 'second']);
  });

  it('continues after a task that fails', async () => {
    const queue = createQueue();
    const failing = queue.run(neverAborted, () => Promise.reject(new Error('broken')));
    const throwing = queue.run(neverAborted, () => {
      throw new Error('worse');
    });
    const next = queue.run(neverAborted, () => Promise.resolve('fine'));
    await expect(failing).rejects.toThrow('broken');
    await expect(throwing).rejects.toThrow('worse');
    expect(await next).toBe('fine');
  });

  it('rejects an aborted waiting task at once, while later tasks still wait for the running one', async () => {
    const queue = createQueue();
    const gate = deferred<undefined>();
    const log: string[] = [];
    const first = queue.run(neverAborted, async () => {
      await gate.promise;
      log.push('first ends');
    });
    const stop = new AbortController();
    let started = false;
    const second = queue.run(stop.signal, () => {
      started = true;
      return Promise.resolve();
    });
    const third = queue.run(neverAborted, () => {
      log.push('third begins');
      return Promise.resolve();
    });
    stop.abort();
    await expect(second).rejects.toSatisfy(isAbort);
    expect(log).toEqual([]);
    gate.resolve(undefined);
    await Promise.all([first, third]);
    expect(started).toBe(false);
    expect(log).toEqual(['first ends', 'third begins']);
  });
});

describe('abortable', () => {
  it('passes results and errors on', async () => {
    expect(await abortable(Promise.resolve(5), neverAborted)).toBe(5);
    await expect(abortable(Promise.reject(new Error('no')), neverAborted)).rejects.toThrow('no');
  });

  it('rejects with AbortError although the work goes on, and ignores its outcome', async () => {
    const work = deferred<number>();
    const stop = new AbortController();
    const result = abortable(work.promise, stop.signal);
    stop.abort();
    await expect(result).rejects.toSatisfy(isAbort);
    work.reject(new Error('too late'));
    await expect(work.promise).rejects.toThrow('too late');
  });

  it('rejects at once when already aborted', async () => {
    await expect(abortable(new Promise(() => undefined), AbortSignal.abort())).rejects.toSatisfy(isAbort);
  });

  it('leaves no unhandled rejection when already aborted and the work fails', async () => {
    const unhandled: unknown[] = [];
    const record = (reason: unknown) => void unhandled.push(reason);
    process.on('unhandledRejection', record);
    try {
      const work = deferred<number>();
      await expect(abortable(work.promise, AbortSignal.abort())).rejects.toSatisfy(isAbort);
      work.reject(new Error('given up'));
      // Unhandled rejections are reported once the queue of microtasks is empty.
      await new Promise(setImmediate);
      expect(unhandled).toEqual([]);
    } finally {
      process.off('unhandledRejection', record);
    }
  });
});

describe('allOrNone', () => {
  /** Task that ends only when its signal is aborted. */
  const endless = (signal: AbortSignal) => abortable(new Promise<never>(() => undefined), signal);

  it('passes the result on and does not abort its signal', async () => {
    let own: AbortSignal | null = null;
    const result = await allOrNone(neverAborted, (signal) => {
      own = signal;
      return Promise.resolve(7);
    });
    expect(result).toBe(7);
    expect(own).toMatchObject({ aborted: false });
  });

  it('aborts the remaining work when one part fails, and rejects with that error', async () => {
    let rest: Promise<never> | null = null;
    const work = allOrNone(undefined, (signal) => {
      rest = endless(signal);
      return Promise.all([rest, Promise.reject(new Error('one part'))]);
    });
    await expect(work).rejects.toThrow('one part');
    await expect(rest).rejects.toSatisfy(isAbort);
  });

  it('aborts the work with the reason of the given signal', async () => {
    const stop = new AbortController();
    const work = allOrNone(stop.signal, endless);
    stop.abort(new Error('enough'));
    await expect(work).rejects.toThrow('enough');
  });
});

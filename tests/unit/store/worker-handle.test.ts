import { describe, expect, it } from 'vitest';
import { WorkerError } from '../../../src/base/index.ts';
import type { Connection } from '../../../src/protocol/index.ts';
import type { Method } from '../../../src/protocol/messages.ts';
import { createWorkerHandle } from '../../../src/store/worker-handle.ts';

/** Connections whose calls the test resolves. */
function workers() {
  const opened: { readonly calls: ((error: Error) => void)[]; closed: boolean }[] = [];
  const open = (): Connection<Record<string, Method>> => {
    const worker: (typeof opened)[number] = { calls: [], closed: false };
    opened.push(worker);
    return {
      call: () =>
        new Promise((_, reject) => {
          worker.calls.push(reject);
        }),
      close: () => {
        worker.closed = true;
      },
    };
  };
  return { opened, open };
}

const died = new WorkerError('worker-died', 'It stopped.', { remedy: 'Try again.' });

describe('createWorkerHandle', () => {
  it('closes a worker that died once, and never its replacement', async () => {
    const { opened, open } = workers();
    const link = createWorkerHandle(open);
    const first = link.call('one', undefined);
    const second = link.call('two', undefined);
    opened[0]?.calls[0]?.(died);
    await expect(first).rejects.toBe(died);
    const third = link.call('three', undefined);
    expect(opened).toHaveLength(2);
    opened[0]?.calls[1]?.(died);
    await expect(second).rejects.toBe(died);
    expect(opened.map(({ closed }) => closed)).toEqual([true, false]);
    opened[1]?.calls[0]?.(new Error('of its own'));
    await expect(third).rejects.toThrow('of its own');
    expect(opened[1]?.closed).toBe(false);
  });
});

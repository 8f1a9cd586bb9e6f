import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MemoryLocks } from '../../support/storage/web-locks.ts';
import { WorkerLocks } from '../../../workers/locks.ts';
import type { BrowserLocks } from '../../../workers/locks.ts';

/** Two workers of one browser. */
function workers() {
  const browser = new MemoryLocks();
  const [first, second] = [browser.client(), browser.client()];
  return { browser, first, second, one: new WorkerLocks(first), other: new WorkerLocks(second) };
}

/** Delivers messages between workers and browser, without advancing the clock. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a lock', () => {
  it('is not granted while another worker holds it, and granted once that one is gone', async () => {
    const { first, one, other } = workers();
    expect(await one.tryHold('a', 0)).not.toBeNull();
    expect(await other.tryHold('a', 0)).toBeNull();
    expect(await other.tryHold('b', 0)).not.toBeNull();
    first.die();
    expect(await other.tryHold('a', 0)).not.toBeNull();
  });

  it('is shared between readers', async () => {
    const { one, other } = workers();
    const releases = [await one.tryHold('a', 0, 'shared'), await other.tryHold('a', 0, 'shared')];
    expect(await one.tryHold('a', 0)).toBeNull();
    for (const release of releases) release?.();
    await turns();
    expect(await one.tryHold('a', 0)).not.toBeNull();
  });

  it('is granted again right after its release', async () => {
    const { one } = workers();
    for (let again = 0; again < 3; again++) {
      const release = await one.tryHold('a', 0);
      expect(release).not.toBeNull();
      release?.();
      release?.();
    }
  });

  it('of a worker that ends is waited for, up to the timeout', async () => {
    const { browser, first, one, other } = workers();
    await one.tryHold('a', 0);
    const pending = other.tryHold('a', 500);
    await turns();
    first.die();
    await vi.advanceTimersByTimeAsync(50);
    await turns();
    expect(await pending).not.toBeNull();

    const waiting = new WorkerLocks(browser.client()).tryHold('a', 500);
    for (let time = 0; time <= 500; time += 50) {
      await turns();
      await vi.advanceTimersByTimeAsync(50);
    }
    expect(await waiting).toBeNull();
  });

  it('that is free is granted, however long the browser takes to answer', async () => {
    const { first } = workers();
    let answer: () => void = () => undefined;
    const busy = new Promise<void>((resolve) => (answer = resolve));
    const slow: BrowserLocks = {
      request: async (...request) => {
        await busy;
        return first.request(...request);
      },
    };
    const held = new WorkerLocks(slow).tryHold('a', 500);
    await vi.advanceTimersByTimeAsync(60_000);
    answer();
    expect(await held).not.toBeNull();
  });

  it('is granted in the order of requests', async () => {
    const { browser, one, other } = workers();
    const first = await one.hold('a');
    const order: string[] = [];
    const next = other.hold('a').then((release) => {
      order.push('other');
      release();
    });
    await turns();
    const last = one.hold('a').then((release) => {
      order.push('one');
      release();
    });
    await turns();
    expect(order).toEqual([]);
    first();
    await Promise.all([next, last]);
    expect(order).toEqual(['other', 'one']);
    await turns();
    expect(browser.held).toEqual([]);
  });
});

import { describe, expect, it, vi } from 'vitest';
import { ModelError, abortReason } from '../../../src/base/index.ts';
import { httpSource } from '../../../src/models/http.ts';
import { browserNetwork } from '../../../src/models/online.ts';
import { retrying, waitByTimer } from '../../../src/models/retry.ts';
import type { RetryPolicy } from '../../../src/models/retry.ts';
import { memorySource } from '../../../src/models/source.ts';
import { failure } from '../../support/failure.ts';
import { startHub } from '../../support/hub/index.ts';
import { fakeClock } from '../../support/install/clock.ts';
import { FakeWeb, answer, broken, refusal } from '../../support/install/web.ts';

const url = 'https://hub.test/weights.bin';
const content = Uint8Array.from({ length: 1000 }, (_, i) => (i * 7) % 251);

function rig(random = 0.5) {
  const web = new FakeWeb();
  const file = web.put(url, content);
  const clock = fakeClock();
  const retries: string[] = [];
  const policy: RetryPolicy = {
    attempts: 4,
    wait: clock.wait,
    random: () => random,
    onRetry: ({ code }) => retries.push(code),
  };
  return { web, file, clock, retries, retry: { opening: policy, reading: policy } };
}

/** Answers the next range requests with these, and later ones correctly. */
function faults(web: FakeWeb, ...answers: (() => Response | Promise<Response>)[]): void {
  web.fault = () => answers.shift()?.() ?? null;
}

describe('a failed request', () => {
  it.each([408, 425, 429, 500, 502, 503, 504, 522])('with status %i is retried', async (status) => {
    const { web, retry, retries } = rig();
    faults(web, () => refusal(status));
    const source = await httpSource(url, { fetch: web.fetch, retry });
    faults(
      web,
      () => refusal(status),
      () => refusal(status),
    );
    expect(await source.read(10, 50)).toEqual(content.slice(10, 60));
    expect(retries).toEqual(['http-failed', 'http-failed', 'http-failed']);
  });

  it.each([400, 401, 403, 404, 410, 501, 505])('with status %i is not retried', async (status) => {
    const { web, retry, clock } = rig();
    const source = await httpSource(url, { fetch: web.fetch, retry });
    web.fault = () => refusal(status);
    expect((await failure(source.read(0, 10))).details).toMatchObject({ status });
    expect(clock.waits).toEqual([]);
  });

  it('with status 416 for an existing range is retried', async () => {
    const { web, retry, retries } = rig();
    const source = await httpSource(url, { fetch: web.fetch, retry });
    faults(web, () => refusal(416, { 'Content-Range': 'bytes */1000' }));
    expect(await source.read(10, 50)).toEqual(content.slice(10, 60));
    expect(retries).toEqual(['http-failed']);
  });

  it('answered with the whole large file instead of a range is retried', async () => {
    const { web, retry, retries } = rig();
    const source = await httpSource(url, { fetch: web.fetch, retry, largestWhole: 999 });
    faults(web, () => new Response(content, { headers: { 'Content-Length': '1000' } }));
    expect(await source.read(10, 50)).toEqual(content.slice(10, 60));
    expect(retries).toEqual(['http-failed']);
  });

  it('is retried with exponential backoff and jitter', async () => {
    for (const [random, waits] of [
      [0, [500, 1000, 2000]],
      [1 - 1e-9, [1000, 2000, 4000]],
    ] as const) {
      const { web, retry, clock } = rig(random);
      const source = await httpSource(url, { fetch: web.fetch, retry });
      web.fault = () => refusal(503);
      expect((await failure(source.read(0, 10))).code).toBe('http-failed');
      expect(clock.waits.map(Math.round)).toEqual(waits);
    }
  });

  it('never waits longer than 30 seconds unless the server asks for it', async () => {
    const clock = fakeClock();
    const policy = { attempts: 12, wait: clock.wait, random: () => 1 };
    const lost = () => Promise.reject(new ModelError('network', 'lost', { remedy: '' }));
    expect((await failure(retrying(policy, undefined, lost))).code).toBe('network');
    expect(clock.waits).toHaveLength(11);
    expect(Math.max(...clock.waits)).toBe(30_000);
  });

  it('respects Retry-After, in seconds or as a date by the clock of the server', async () => {
    for (const headers of [
      { 'Retry-After': '17' },
      { 'Retry-After': 'Fri, 01 Jan 1999 00:00:17 GMT', Date: 'Fri, 01 Jan 1999 00:00:00 GMT' },
    ]) {
      const { web, retry, clock } = rig();
      const source = await httpSource(url, { fetch: web.fetch, retry });
      faults(web, () => refusal(429, headers));
      expect(await source.read(0, 10)).toEqual(content.slice(0, 10));
      expect(clock.waits).toEqual([17_000]);
    }
  });

  it('is not retried when Retry-After is too long', async () => {
    const { web, retry, clock } = rig();
    const source = await httpSource(url, { fetch: web.fetch, retry });
    web.fault = () => refusal(429, { 'Retry-After': '3600' });
    expect(await failure(source.read(0, 10))).toMatchObject({
      code: 'http-failed',
      details: { status: 429, retryAfter: 3600 },
    });
    expect(clock.waits).toEqual([]);
  });

  it('is resumed where the connection was lost, and bytes received count as progress', async () => {
    const { web, file, retry, retries } = rig();
    const source = await httpSource(url, { fetch: web.fetch, retry });
    const asked: number[] = [];
    web.fault = (request) => {
      asked.push(request.range?.[0] ?? -1);
      // More lost connections than attempts, but each after some progress.
      return asked.length <= 8 ? broken(request, file, 100) : null;
    };
    let come = 0;
    const bytes = await source.read(50, 950, undefined, (count) => (come += count));
    expect(bytes).toEqual(content.slice(50));
    expect(come).toBe(950);
    expect(asked).toEqual([50, 150, 250, 350, 450, 550, 650, 750, 850]);
    expect(retries).toHaveLength(8);
  });

  it('is resumed when the body ends early', async () => {
    const { web, retry } = rig();
    const source = await httpSource(url, { fetch: web.fetch, retry });
    faults(web, () => new Response(content.slice(0, 300), { status: 206 }));
    expect(await source.read(0, 1000)).toEqual(content);
  });

  it('is not resumed with another version of the file', async () => {
    const { web, file, retry } = rig();
    const source = await httpSource(url, { fetch: web.fetch, retry });
    web.fault = (request) => {
      const half = broken(request, file, 100);
      web.fault = () => null;
      web.put(url, content.slice().reverse(), '"other"');
      return half;
    };
    expect((await failure(source.read(0, 1000))).code).toBe('changed');
  });

  it('detects another version by Last-Modified if the ETag is hidden', async () => {
    const { web, retry } = rig();
    let changed = 'Fri, 01 Jan 1999 00:00:00 GMT';
    web.fault = (request, file) => {
      const { status, headers, body } = answer(request, { ...file, tag: null });
      headers.set('Last-Modified', changed);
      return new Response(body, { status, headers });
    };
    const source = await httpSource(url, { fetch: web.fetch, retry });
    expect(await source.read(0, 10)).toEqual(content.slice(0, 10));
    changed = 'Sat, 02 Jan 1999 00:00:00 GMT';
    expect((await failure(source.read(0, 10))).code).toBe('changed');
  });

  it('stops on abort, also while waiting', async () => {
    const { web, retry } = rig();
    const stop = new AbortController();
    const wait = (milliseconds: number, signal?: AbortSignal) => {
      const waited = waitByTimer(milliseconds, signal);
      stop.abort(new Error('enough'));
      return waited;
    };
    const waiting = { ...retry.reading, wait };
    const source = await httpSource(url, { fetch: web.fetch, retry: { ...retry, reading: waiting } });
    web.fault = () => refusal(503, { 'Retry-After': '299' });
    await expect(source.read(0, 10, stop.signal)).rejects.toThrow('enough');
  });
});

describe('an expired redirect', () => {
  it('is requested again at the original address', async () => {
    const { retry, retries } = rig();
    const path = 'weights.bin';
    const files = new Map([[path, memorySource(path, content)]]);
    const hub = await startHub([{ id: 'owner/model', revisions: new Map([['main', files]]) }]);
    try {
      const source = await httpSource(`${hub.url}/owner/model/resolve/main/${path}`, { retry });
      hub.reset();
      hub.inject({ to: 2, faults: [{ kind: 'status', status: 403 }] });
      expect(await source.read(10, 50)).toEqual(content.slice(10, 60));
      expect(retries).toEqual(['http-failed', 'http-failed']);
      expect(hub.requests.map(({ at }) => at)).toEqual(Array(3).fill(['resolve', 'content']).flat());

      hub.inject({ at: 'resolve', faults: [{ kind: 'status', status: 403 }] });
      expect(await failure(source.read(0, 10))).toMatchObject({ details: { status: 403 } });
      expect(retries, 'a 403 of the original address is final').toHaveLength(2);
    } finally {
      await hub.close();
    }
  });
});

/** A device that is offline until `back` is called. */
function offlineDevice() {
  const waiting = new Set<() => void>();
  const device = {
    offline: true,
    isOffline: () => device.offline,
    onBack: (call: () => void) => {
      waiting.add(call);
      return () => waiting.delete(call);
    },
    waiting,
    comeBack: () => {
      device.offline = false;
      for (const call of waiting) call();
    },
  };
  return device;
}

describe('an offline device', () => {
  it('is retried without limit, and immediately when back online', async () => {
    const { web, clock, retry } = rig();
    const device = offlineDevice();
    const retries: [number, boolean][] = [];
    const wait = (milliseconds: number, signal?: AbortSignal) => {
      if (!device.offline || clock.waits.length < 20) return clock.wait(milliseconds, signal);
      // Never resolves.
      const forever = new Promise<void>((_, reject) => {
        signal?.addEventListener('abort', () => {
          reject(abortReason(signal));
        });
      });
      device.comeBack();
      return forever;
    };
    const onRetry = (_: ModelError, seconds: number, offline: boolean) => retries.push([seconds, offline]);
    const reading = { ...retry.reading, wait, onRetry, device };
    const source = await httpSource(url, { fetch: web.fetch, retry: { ...retry, reading } });
    let lost = 0;
    web.fault = () => {
      if (!device.offline && ++lost > 1) return null;
      return Promise.reject(new TypeError('fetch failed'));
    };
    expect(await source.read(0, 10)).toEqual(content.slice(0, 10));
    expect(retries).toHaveLength(22);
    expect(retries.slice(0, 21).every(([, offline]) => offline)).toBe(true);
    // The last failure came after the device was online again: it counts, and its delay is the first one.
    expect(retries.at(-1)).toEqual([0.75, false]);
    expect(device.waiting.size).toBe(0);
  });

  it('stops being retried on abort', async () => {
    const { web, retry } = rig();
    const device = offlineDevice();
    const stop = new AbortController();
    const wait = (milliseconds: number, signal?: AbortSignal) => {
      const waited = waitByTimer(milliseconds, signal);
      stop.abort(new Error('enough'));
      return waited;
    };
    const source = await httpSource(url, {
      fetch: web.fetch,
      retry: { ...retry, reading: { ...retry.reading, wait, device } },
    });
    web.fault = () => Promise.reject(new TypeError('fetch failed'));
    await expect(source.read(0, 10, stop.signal)).rejects.toThrow('enough');
    expect(device.waiting.size).toBe(0);
  });

  it('is detected by navigator.onLine', () => {
    const listening = new Set<() => void>();
    vi.stubGlobal('navigator', { onLine: false });
    vi.stubGlobal('addEventListener', (_: string, call: () => void, { signal }: { signal: AbortSignal }) => {
      listening.add(call);
      signal.addEventListener('abort', () => listening.delete(call));
    });
    try {
      expect(browserNetwork.isOffline()).toBe(true);
      let back = 0;
      const forget = browserNetwork.onBack(() => back++);
      for (const call of listening) call();
      forget();
      expect([back, listening.size]).toEqual([1, 0]);
      vi.stubGlobal('navigator', {});
      expect(browserNetwork.isOffline(), 'no navigator.onLine in Node').toBe(false);
    } finally {
      vi.unstubAllGlobals();
    }
  });
});

describe('waitByTimer', () => {
  it('rejects immediately when aborted', async () => {
    const stopped = AbortSignal.abort();
    await expect(waitByTimer(1e6, stopped)).rejects.toBe(stopped.reason);
  });

  it('resolves', async () => {
    await expect(waitByTimer(1, new AbortController().signal)).resolves.toBeUndefined();
  });
});

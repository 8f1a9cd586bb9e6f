import { describe, expect, it } from 'vitest';
import { ModelError } from '../../../src/base/index.ts';
import { httpSource } from '../../../src/models/http.ts';
import { retrying, waitByTimer } from '../../../src/models/retry.ts';
import type { RetryPolicy } from '../../../src/models/retry.ts';
import { failure } from '../../support/failure.ts';
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

/** Answers the next requests for ranges with these, then as a good server does. */
function faults(web: FakeWeb, ...answers: (() => Response | Promise<Response>)[]): void {
  web.fault = () => answers.shift()?.() ?? null;
}

describe('a request that failed', () => {
  it.each([408, 425, 429, 500, 502, 503, 504])('with status %i is made again', async (status) => {
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

  it.each([400, 401, 403, 404, 410, 501])('with status %i is not', async (status) => {
    const { web, retry, clock } = rig();
    const source = await httpSource(url, { fetch: web.fetch, retry });
    web.fault = () => refusal(status);
    expect((await failure(source.read(0, 10))).details).toMatchObject({ status });
    expect(clock.waits).toEqual([]);
  });

  it('waits twice as long each time, by chance down to half of that', async () => {
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

  it('never waits longer than half a minute of its own accord', async () => {
    const clock = fakeClock();
    const policy = { attempts: 12, wait: clock.wait, random: () => 1 };
    const lost = () => Promise.reject(new ModelError('network', 'lost', { remedy: '' }));
    expect((await failure(retrying(policy, undefined, lost))).code).toBe('network');
    expect(clock.waits).toHaveLength(11);
    expect(Math.max(...clock.waits)).toBe(30_000);
  });

  it('waits as long as the server asks, in seconds or until a time by its own clock', async () => {
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

  it('is the user’s business when the server asks for more patience than anyone has', async () => {
    const { web, retry, clock } = rig();
    const source = await httpSource(url, { fetch: web.fetch, retry });
    web.fault = () => refusal(429, { 'Retry-After': '3600' });
    expect(await failure(source.read(0, 10))).toMatchObject({
      code: 'http-failed',
      details: { status: 429, retryAfter: 3600 },
    });
    expect(clock.waits).toEqual([]);
  });

  it('goes on where its connection broke off, and takes what came as progress', async () => {
    const { web, file, retry, retries } = rig();
    const source = await httpSource(url, { fetch: web.fetch, retry });
    const asked: number[] = [];
    web.fault = (request) => {
      asked.push(request.range?.[0] ?? -1);
      // More losses than attempts, but each of them after some bytes.
      return asked.length <= 8 ? broken(request, file, 100) : null;
    };
    let come = 0;
    const bytes = await source.read(50, 950, undefined, (count) => (come += count));
    expect(bytes).toEqual(content.slice(50));
    expect(come).toBe(950);
    expect(asked).toEqual([50, 150, 250, 350, 450, 550, 650, 750, 850]);
    expect(retries).toHaveLength(8);
  });

  it('goes on where a body ended early without a word', async () => {
    const { web, retry } = rig();
    const source = await httpSource(url, { fetch: web.fetch, retry });
    faults(web, () => new Response(content.slice(0, 300), { status: 206 }));
    expect(await source.read(0, 1000)).toEqual(content);
  });

  it('does not go on with another file', async () => {
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

  it('is told apart by the time of its last change where the ETag is hidden', async () => {
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

  it('is given up at once when its caller stops, also while it waits', async () => {
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

describe('waiting', () => {
  it('does not begin for a signal that is aborted', async () => {
    const stopped = AbortSignal.abort();
    await expect(waitByTimer(1e6, stopped)).rejects.toBe(stopped.reason);
  });

  it('ends', async () => {
    await expect(waitByTimer(1, new AbortController().signal)).resolves.toBeUndefined();
  });
});

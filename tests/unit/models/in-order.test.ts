import { describe, expect, it } from 'vitest';
import { httpSource } from '../../../src/models/http.ts';
import type { RemoteFile } from '../../../src/models/http.ts';
import { longestSilence } from '../../../src/models/stall.ts';
import { failure } from '../../support/failure.ts';
import { fakeClock, fakeRetry } from '../../support/install/clock.ts';
import { FakeWeb, broken, refusal, whole } from '../../support/install/web.ts';
import type { Fault } from '../../support/install/web.ts';

const url = 'https://host.test/weights.safetensors';
const content = Uint8Array.from({ length: 10_000 }, (_, i) => (i * 7) % 251);
const { signal } = new AbortController();

async function rig() {
  const web = new FakeWeb();
  web.put(url, content);
  web.fault = whole;
  const { clock, messages, retry } = fakeRetry();
  const file = await httpSource(url, {
    fetch: web.fetch,
    retry,
    timer: clock.timer,
    largestWhole: 640,
  });
  web.asked.length = 0;
  return { web, clock, messages, file };
}

/** Answers the next requests with these, and later ones with the whole file. */
function meets(web: FakeWeb, ...faults: Fault[]): void {
  web.fault = (asked, file) => (faults.shift() ?? whole)(asked, file);
}

/** Reads parts through one stream. */
async function inOneStream(file: RemoteFile, parts: readonly (readonly [number, number])[]) {
  const stream = file.stream(0, file.size, signal);
  const read: Uint8Array[] = [];
  let at = 0;
  try {
    for (const [offset, length] of parts) {
      await stream.skip(offset - at);
      read.push(await stream.next(length));
      at = offset + length;
    }
  } finally {
    await stream.close();
  }
  return read;
}

const slices = (parts: readonly (readonly [number, number])[]) =>
  parts.map(([offset, length]) => content.slice(offset, offset + length));

/** Spans with gaps, without gaps, and up to the end of the file. */
const parts = [
  [100, 50],
  [150, 1000],
  [3000, 0],
  [4000, 3000],
  [9000, 1000],
] as const;

describe('a large file on a server without range requests', () => {
  it('is opened without downloading it', async () => {
    const { web, file, clock } = await rig();
    expect({ size: file.size, tag: file.tag }).toEqual({ size: 10_000, tag: `"${url}"` });
    expect(web.asked).toEqual([]);
    expect(clock.timers()).toBe(0);
  });

  it('can be read from its beginning, up to the limit of a whole download', async () => {
    const { web, file, clock } = await rig();
    expect(await file.read(0, 4)).toEqual(content.slice(0, 4));
    expect(await file.read(6, 4)).toEqual(content.slice(6, 10));
    expect(web.asked, 'a little more than requested is cached').toHaveLength(1);
    expect(await file.read(540, 100)).toEqual(content.slice(540, 640));
    expect(await file.read(0, 640)).toEqual(content.slice(0, 640));
    expect(web.asked).toHaveLength(2);
    expect(clock.timers()).toBe(0);
  });

  it('rejects a read near its end, instead of downloading everything', async () => {
    const { web, file } = await rig();
    expect(await failure(file.read(9990, 10))).toMatchObject({
      code: 'no-ranges',
      details: { url, limit: 640 },
    });
    expect(web.asked).toEqual([]);
    expect(await failure(file.read(9990, 11))).toMatchObject({ code: 'truncated' });
  });

  it('is streamed in one request', async () => {
    const { web, file, clock } = await rig();
    expect(await inOneStream(file, parts)).toEqual(slices(parts));
    expect(web.asked).toHaveLength(1);
    expect(clock.timers()).toBe(0);
  });

  it('is restarted from the beginning after a lost connection, with a notice', async () => {
    const { web, file, messages } = await rig();
    const lost = [500, 900, 4100, 4200, 6000, 9999];
    meets(
      web,
      ...lost.map(
        (after): Fault =>
          (asked, served) =>
            broken({ ...asked, range: null }, served, after),
      ),
    );
    let come = 0;
    const stream = file.stream(100, 9100, signal);
    expect(await stream.next(9000, (count) => (come += count))).toEqual(content.slice(100, 9100));
    await stream.close();
    expect(come).toBe(9000);
    expect(web.asked.length, 'more losses than attempts, but each time with progress').toBe(6);
    expect(messages).toHaveLength(5);
    expect(messages[1]).toContain('what was there comes again');
  });

  it('fails after repeated losses without progress', async () => {
    const { web, file, clock, messages } = await rig();
    web.fault = (asked, served) => broken({ ...asked, range: null }, served, 700);
    expect((await failure(inOneStream(file, parts))).code).toBe('network');
    expect(messages).toHaveLength(2);
    expect(clock.timers()).toBe(0);
  });

  it('is resumed with a range once the server supports ranges', async () => {
    const { web, file } = await rig();
    const asked: string[] = [];
    const given: typeof fetch = (input, init) => {
      const range = new Headers(init?.headers).get('Range') ?? '';
      asked.push(range);
      const first = Number(/^bytes=(\d+)-$/.exec(range)?.[1] ?? 0);
      if (asked.length < 3) return web.fetch(input, init);
      // Without Content-Range, which CORS may hide, only the length identifies the range.
      const headers = { 'Content-Length': String(10_000 - first) };
      return Promise.resolve(new Response(content.slice(first), { status: 206, headers }));
    };
    meets(web, whole, (request, served) => broken({ ...request, range: null }, served, 5000));
    const policy = { attempts: 3, wait: fakeClock().wait, random: () => 0.5 };
    const retry = { opening: policy, reading: policy };
    const second = await httpSource(url, { fetch: given, retry, largestWhole: 640 });
    expect(file.size).toBe(second.size);
    expect(await inOneStream(second, parts)).toEqual(slices(parts));
    expect(asked).toEqual(['bytes=0-0', 'bytes=100-', 'bytes=5000-']);
  });

  it.each([
    ['another ETag', (web: FakeWeb) => web.put(url, content.slice(), '"other"')],
    ['another length', (web: FakeWeb) => web.put(url, content.slice(1))],
  ])('is not mixed with a version with %s', async (_, replace) => {
    const { web, file } = await rig();
    meets(web, (asked, served) => {
      replace(web);
      return broken({ ...asked, range: null }, served, 5000);
    });
    expect(await failure(inOneStream(file, parts))).toMatchObject({ code: 'changed', details: { url } });
  });

  it('is rejected when it is longer than announced', async () => {
    const { web, file } = await rig();
    meets(web, () => new Response(Uint8Array.from([...content, 1])));
    expect((await failure(inOneStream(file, parts))).code).toBe('http-failed');
  });

  it('is requested again when it ends early or the server is busy', async () => {
    const { web, file, messages } = await rig();
    meets(
      web,
      () => new Response(content.slice(0, 9500)),
      () => refusal(503),
    );
    expect(await inOneStream(file, parts)).toEqual(slices(parts));
    expect(messages).toHaveLength(2);
  });

  it('does not time out while the reader is paused', async () => {
    const { web, file, clock, messages } = await rig();
    const stream = file.stream(0, 10_000, signal);
    await stream.next(100);
    clock.letPass(10 * longestSilence);
    expect(await stream.next(100)).toEqual(content.slice(100, 200));
    await stream.close();
    expect(messages).toEqual([]);
    expect(web.asked).toHaveLength(1);
  });

  it('is closed when the reader aborts', async () => {
    const { web, file, clock } = await rig();
    const stop = new AbortController();
    const stream = file.stream(0, 10_000, stop.signal);
    await stream.next(100);
    stop.abort(new Error('enough'));
    await expect(stream.next(100)).rejects.toThrow('enough');
    await stream.close();
    expect(clock.timers()).toBe(0);
    expect(web.asked).toHaveLength(1);
  });
});

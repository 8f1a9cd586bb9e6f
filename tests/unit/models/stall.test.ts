import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { download } from '../../../src/models/http.ts';
import { httpSource } from '../../../src/models/http.ts';
import type { HttpOptions } from '../../../src/models/http.ts';
import { memorySource } from '../../../src/models/source.ts';
import { longestSilence } from '../../../src/models/stall.ts';
import { failure } from '../../support/failure.ts';
import { createGate, startHub } from '../../support/hub/index.ts';
import type { Hub } from '../../support/hub/index.ts';
import { fakeRetry } from '../../support/install/clock.ts';

const content = Uint8Array.from({ length: 5000 }, (_, i) => (i * 7) % 251);
const path = 'weights.safetensors';
let hub: Hub;
let url: string;

beforeAll(async () => {
  const files = new Map([[path, memorySource(path, content)]]);
  hub = await startHub([{ id: 'owner/model', revisions: new Map([['main', files]]) }]);
  url = `${hub.url}/owner/model/resolve/main/${path}`;
});
beforeEach(() => {
  hub.reset();
});
afterAll(() => hub.close());

function rig() {
  const { clock, messages, retry } = fakeRetry();
  const options: HttpOptions = { timer: clock.timer, retry };
  return { clock, messages, options };
}

/** Longer than any timeout, because the first seconds of a stall may not count. */
const tooLong = 2 * longestSilence;

describe('a stalled server', () => {
  it.each([
    ['redirects', { at: 'resolve', faults: [{ kind: 'stall', after: 0 }] }],
    ['sends the content', { at: 'content', faults: [{ kind: 'silence' }] }],
  ] as const)('before it %s is asked again, also on opening', async (_, { at, faults }) => {
    const { clock, messages, options } = rig();
    const gate = createGate();
    hub.inject({ at, to: 1, faults: faults.map((fault) => ({ ...fault, gate })) });
    const opening = httpSource(url, options);
    await gate.reached;
    clock.letPass(tooLong);
    expect((await opening).size).toBe(5000);
    expect(messages).toEqual([`${url} has sent nothing for 30 seconds.`]);
    expect(clock.timers()).toBe(0);
  });

  it('in the middle of a range is asked for the rest', async () => {
    const { clock, messages, options } = rig();
    const file = await httpSource(url, options);
    const gate = createGate();
    hub.inject({ to: 1, faults: [{ kind: 'stall', after: 1200, gate }] });
    let come = 0;
    const bytes = file.read(100, 4000, undefined, (count) => {
      come += count;
      // The last byte before the stall.
      if (come === 1200) clock.letPass(tooLong);
    });
    expect(await bytes).toEqual(content.slice(100, 4100));
    expect(messages).toEqual([`${url} has sent nothing for 30 seconds.`]);
    const ranges = hub.requests.filter(({ at }) => at === 'content').map(({ range }) => range);
    expect(ranges).toEqual(['bytes=0-0', 'bytes=100-4099', 'bytes=1300-4099']);
    expect(clock.timers()).toBe(0);
  });

  it('is a network error after repeated stalls', async () => {
    const { clock, messages, options } = rig();
    const file = await httpSource(url, options);
    const gates = [createGate(), createGate(), createGate()];
    gates.forEach((gate, index) =>
      hub.inject({ from: index + 1, to: index + 1, faults: [{ kind: 'silence', gate }] }),
    );
    const reading = failure(file.read(0, 10));
    for (const gate of gates) {
      await gate.reached;
      clock.letPass(tooLong);
    }
    expect(await reading).toMatchObject({ code: 'network', details: { url, silence: longestSilence } });
    expect(messages).toHaveLength(2);
    expect(clock.timers()).toBe(0);
  });

  it('fails a download of a whole file', async () => {
    const { clock } = rig();
    const gate = createGate();
    hub.inject({ faults: [{ kind: 'stall', after: 100, gate }] });
    const onProgress = () => {
      clock.letPass(tooLong);
    };
    const error = await failure(download(url, { timer: clock.timer, onProgress }));
    expect(error).toMatchObject({ code: 'network', details: { silence: longestSilence } });
    expect(clock.timers()).toBe(0);
  });

  it('can be aborted immediately', async () => {
    const { clock, options } = rig();
    const file = await httpSource(url, options);
    const gate = createGate();
    hub.inject({ faults: [{ kind: 'silence', gate }] });
    const stop = new AbortController();
    const reading = file.read(0, 10, stop.signal);
    await gate.reached;
    stop.abort(new Error('enough'));
    await expect(reading).rejects.toThrow('enough');
    expect(clock.timers()).toBe(0);
  });
});

/** A response whose body is written by the test, and which fails when its request is aborted. */
function answering(size: number) {
  let body: ReadableStreamDefaultController<Uint8Array> | null = null;
  const given: typeof fetch = (_, { signal, headers } = {}) => {
    if (new Headers(headers).get('Range') === 'bytes=0-0') {
      const range = { 'Content-Range': `bytes 0-0/${size}` };
      return Promise.resolve(new Response(new Uint8Array(1), { status: 206, headers: range }));
    }
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        body = controller;
        signal?.addEventListener('abort', () => {
          controller.error(signal.reason);
        });
      },
    });
    return Promise.resolve(new Response(stream, { status: 206 }));
  };
  return { fetch: given, send: (bytes: Uint8Array) => body?.enqueue(bytes) };
}

describe('a slow server', () => {
  it('does not time out while bytes arrive', async () => {
    const { clock, messages, options } = rig();
    const server = answering(20);
    const file = await httpSource(url, { ...options, fetch: server.fetch });
    let come = 0;
    const next = () => {
      clock.letPass(longestSilence - 1);
      if (come < 20) server.send(content.slice(come, ++come));
    };
    const reading = file.read(0, 20, undefined, next);
    await Promise.resolve();
    server.send(content.slice(0, ++come));
    expect(await reading).toEqual(content.slice(0, 20));
    expect(messages).toEqual([]);
  });

  it('does not time out while the reader is busy', async () => {
    const { clock, messages, options } = rig();
    const server = answering(20);
    const file = await httpSource(url, { ...options, fetch: server.fetch });
    const stream = file.stream(0, 20);
    const first = stream.next(10);
    server.send(content.slice(0, 10));
    expect(await first).toEqual(content.slice(0, 10));
    clock.letPass(10 * longestSilence);
    const second = stream.next(10);
    server.send(content.slice(10, 20));
    expect(await second).toEqual(content.slice(10, 20));
    await stream.close();
    expect(messages).toEqual([]);
    expect(clock.timers()).toBe(0);
  });

  it('is complete after its last byte, even if the connection stays open', async () => {
    const { clock, messages, options } = rig();
    const server = answering(20);
    const file = await httpSource(url, { ...options, fetch: server.fetch });
    const reading = file.read(0, 20, undefined, () => {
      clock.letPass(tooLong);
    });
    await Promise.resolve();
    server.send(content.slice(0, 20));
    expect(await reading).toEqual(content.slice(0, 20));
    expect(messages).toEqual([]);
  });
});

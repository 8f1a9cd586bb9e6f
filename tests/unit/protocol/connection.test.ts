import { getEventListeners } from 'node:events';
import * as v from 'valibot';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CheckpointError, DriftError, WorkerError, isAbort } from '../../../src/base/index.ts';
import { connect, serve } from '../../../src/protocol/index.ts';
import type { Api, Connection, Handlers } from '../../../src/protocol/index.ts';
import type { WorkerLike } from '../../../src/protocol/client.ts';
import { failure } from '../../support/failure.ts';

const bytes = v.instance(Uint8Array);
const api = {
  /** Counts to `to`, with an event per step; returns the sum. */
  count: {
    params: v.object({ to: v.pipe(v.number(), v.integer()), name: v.string() }),
    event: v.object({ name: v.string(), at: v.number() }),
    result: v.object({ sum: v.number() }),
  },
  /** Doubles every byte. */
  double: { params: v.object({ data: bytes }), event: bytes, result: v.object({ data: bytes }) },
  /** Fails in the given way. */
  fail: { params: v.object({ how: v.string() }), event: v.never(), result: v.null() },
  /** Ends only when aborted. */
  wait: { params: v.null(), event: v.literal('waiting'), result: v.null() },
} satisfies Api;

/** Record of the handlers' calls. */
let seen: { stops: number; doubled: Uint8Array[]; resume: (() => void)[] };

const handlers: Handlers<typeof api> = {
  async count({ to, name }, { emit }) {
    let sum = 0;
    for (let at = 1; at <= to; at++) {
      await Promise.resolve();
      sum += at;
      emit({ name, at });
    }
    return { value: { sum }, transfer: [] };
  },
  double({ data }, { emit }) {
    const doubled = data.map((byte) => 2 * byte);
    const early = doubled.slice();
    emit(early, [early.buffer]);
    seen.doubled.push(early, doubled);
    return Promise.resolve({ value: { data: doubled }, transfer: [doubled.buffer] });
  },
  fail({ how }) {
    if (how === 'later') return Promise.reject(new TypeError('not a function'));
    throw new CheckpointError('damaged', 'A file is damaged.', {
      remedy: 'Get it again.',
      details: { file: 'weights', offset: 3 },
    });
  },
  wait(_, { signal, emit }) {
    emit('waiting');
    return new Promise((resolve, reject) => {
      seen.resume.push(() => {
        resolve({ value: null, transfer: [] });
      });
      signal.addEventListener('abort', () => {
        seen.stops++;
        reject(new DOMException('Stopped.', 'AbortError'));
      });
    });
  },
};

/** A worker behind a real message port, which can crash and send invalid messages. */
class FakeWorker implements WorkerLike {
  readonly #page: MessagePort;
  readonly #inside: MessagePort;
  readonly #onError: ((event: ErrorEvent) => void)[] = [];
  readonly sent: unknown[] = [];
  ended = 0;

  constructor() {
    const { port1, port2 } = new MessageChannel();
    this.#page = port1;
    this.#inside = port2;
    serve(port2, api, handlers);
    port1.start();
    port2.start();
  }

  postMessage(message: unknown, transfer: Transferable[]): void {
    this.sent.push(message);
    this.#page.postMessage(message, transfer);
  }

  addEventListener(
    ...listening:
      | [type: 'message' | 'messageerror', listener: (event: MessageEvent<unknown>) => void]
      | [type: 'error', listener: (event: ErrorEvent) => void]
  ): void {
    if (listening[0] !== 'error') this.#page.addEventListener(listening[0], listening[1]);
    else this.#onError.push(listening[1]);
  }

  terminate(): void {
    this.ended++;
    this.close();
  }

  close(): void {
    this.#page.close();
    this.#inside.close();
  }

  /** Simulates a message to the page or the worker that cannot be deserialised. */
  sendUnreadable(to: 'page' | 'worker'): void {
    (to === 'page' ? this.#page : this.#inside).dispatchEvent(new MessageEvent('messageerror'));
  }

  say(message: unknown): void {
    this.#inside.postMessage(message);
  }

  die(message: string): boolean {
    const event = Object.assign(new Event('error', { cancelable: true }), {
      message,
      filename: '',
      lineno: 0,
      colno: 0,
      error: undefined,
    });
    for (const listener of this.#onError) listener(event);
    return event.defaultPrevented;
  }
}

let worker: FakeWorker;
let connection: Connection<typeof api>;

beforeEach(() => {
  seen = { stops: 0, doubled: [], resume: [] };
  worker = new FakeWorker();
  connection = connect(worker, api);
});

afterEach(() => {
  worker.close();
});

/** A call that blocks in the worker, and a promise that it has started. */
function waiting(signal?: AbortSignal) {
  let arrived: () => void = () => undefined;
  const there = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const call = connection.call('wait', null, { signal, onEvent: arrived });
  // Tests that do not await the result ignore its rejection.
  call.catch(() => undefined);
  return { call, there };
}

describe('a call', () => {
  it('resolves with the result, after all events in order', async () => {
    const received: unknown[] = [];
    const result = connection.call('count', { to: 4, name: 'a' }, { onEvent: ({ at }) => received.push(at) });
    expect(await result).toEqual({ sum: 10 });
    expect(received).toEqual([1, 2, 3, 4]);
  });

  it('works without an event listener', async () => {
    expect(await connection.call('count', { to: 2, name: '' })).toEqual({ sum: 3 });
  });

  it('is independent of concurrent calls', async () => {
    const counts = ['a', 'b', 'c'].map(async (name, index) => {
      const received: unknown[] = [];
      const to = 3 + index;
      const { sum } = await connection.call(
        'count',
        { to, name },
        { onEvent: (event) => received.push(event) },
      );
      return { sum, received, expected: Array.from({ length: to }, (_, at) => ({ name, at: at + 1 })) };
    });
    const results = await Promise.all(counts);
    expect(results.map(({ sum }) => sum)).toEqual([6, 10, 15]);
    for (const { received, expected } of results) expect(received).toEqual(expected);
  });

  it('transfers buffers in both directions and copies the others', async () => {
    const moved = Uint8Array.of(1, 2, 3);
    const kept = Uint8Array.of(4, 5);
    const events: Uint8Array[] = [];
    const { data } = await connection.call(
      'double',
      { data: moved },
      { transfer: [moved.buffer], onEvent: (event) => events.push(event) },
    );
    expect([...data]).toEqual([2, 4, 6]);
    expect([...(events[0] ?? [])]).toEqual([2, 4, 6]);
    expect(moved.buffer.byteLength).toBe(0);
    expect(seen.doubled.map(({ buffer }) => buffer.byteLength)).toEqual([0, 0]);

    await connection.call('double', { data: kept });
    expect([...kept]).toEqual([4, 5]);
  });
});

describe('a message that cannot be deserialised', () => {
  it.each(['page', 'worker'] as const)('on its way to the %s rejects all calls with an error', async (to) => {
    const { call, there } = waiting();
    await there;
    const other = waiting();
    await other.there;
    worker.sendUnreadable(to);
    expect((await failure(call)).code).toBe('message-unreadable');
    expect((await failure(other.call)).code).toBe('message-unreadable');
    expect((await failure(connection.call('count', { to: 1, name: '' }))).code).toBe('message-unreadable');
  });
});

describe('an error', () => {
  it('keeps its class, code, remedy and details', async () => {
    const error = await failure(connection.call('fail', { how: 'typed' }));
    expect(error).toBeInstanceOf(CheckpointError);
    expect(error).toMatchObject({
      code: 'damaged',
      message: 'A file is damaged.',
      remedy: 'Get it again.',
      details: { file: 'weights', offset: 3 },
    });
    expect(error.stack).toContain('connection.test');
  });

  it('of an unexpected kind becomes a WorkerError', async () => {
    const error = await failure(connection.call('fail', { how: 'later' }));
    expect(error).toBeInstanceOf(WorkerError);
    expect(error).toMatchObject({ code: 'unexpected', message: 'not a function' });
  });

  it('leaves the connection usable', async () => {
    await failure(connection.call('fail', { how: 'typed' }));
    expect(await connection.call('count', { to: 1, name: '' })).toEqual({ sum: 1 });
  });

  it('thrown by an event listener rejects the call and aborts the work', async () => {
    const call = connection.call('wait', null, {
      onEvent: () => {
        throw new RangeError('cannot show this');
      },
    });
    await expect(call).rejects.toThrow('cannot show this');
    // Messages arrive in order: the answer to a later call proves that the worker has received the stop.
    await connection.call('count', { to: 1, name: '' });
    expect(seen.stops).toBe(1);
  });
});

describe('aborting', () => {
  it('reaches the worker, and the call rejects with AbortError', async () => {
    const stop = new AbortController();
    const { call, there } = waiting(stop.signal);
    await there;
    stop.abort();
    await expect(call).rejects.toSatisfy(isAbort);
    expect(seen.stops).toBe(1);
  });

  it('aborts that call only', async () => {
    const stop = new AbortController();
    const first = waiting();
    const second = waiting(stop.signal);
    await Promise.all([first.there, second.there]);
    stop.abort();
    await expect(second.call).rejects.toSatisfy(isAbort);
    seen.resume[0]?.();
    expect(await first.call).toBeNull();
    expect(seen.stops).toBe(1);
  });

  it('before the call sends nothing to the worker', async () => {
    await expect(connection.call('wait', null, { signal: AbortSignal.abort() })).rejects.toSatisfy(isAbort);
    expect(worker.sent).toEqual([]);
  });

  it('immediately after the call reaches the worker', async () => {
    const stop = new AbortController();
    const { call } = waiting(stop.signal);
    stop.abort();
    await expect(call).rejects.toSatisfy(isAbort);
    expect(seen.stops).toBe(1);
  });

  it('after the end sends nothing to the worker: the listener was removed', async () => {
    const stop = new AbortController();
    const { signal } = stop;
    await connection.call('count', { to: 3, name: '' }, { signal });
    await failure(connection.call('fail', { how: 'typed' }, { signal }));
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    const before = worker.sent.length;
    stop.abort();
    expect(worker.sent).toHaveLength(before);
  });
});

describe('a worker that dies', () => {
  it('rejects all pending and later calls with its error message', async () => {
    const calls = [waiting(), waiting()];
    await Promise.all(calls.map(({ there }) => there));
    // The connection cancels the error event, so that the browser does not report it too.
    expect(worker.die('out of memory')).toBe(true);
    for (const { call } of calls) {
      const error = await failure(call);
      expect(error).toBeInstanceOf(WorkerError);
      expect(error.code).toBe('worker-died');
      expect(error.message).toContain('out of memory');
    }
    expect((await failure(connection.call('count', { to: 1, name: '' }))).code).toBe('worker-died');
  });

  it('without an error message', async () => {
    worker.die('');
    const { message } = await failure(connection.call('wait', null));
    expect(message).toContain('no reason given');
  });

  it('because the connection was closed', async () => {
    const { call, there } = waiting();
    await there;
    connection.close();
    expect((await failure(call)).code).toBe('worker-closed');
    expect((await failure(connection.call('wait', null))).code).toBe('worker-closed');
    expect(worker.ended).toBe(1);
  });
});

describe('a protocol violation', () => {
  it.each([
    ['a string', 'hello'],
    ['undefined', undefined],
    ['an unknown kind', { kind: 'greeting', id: 1 }],
    ['an invalid call id', { kind: 'result', id: 'one', result: null }],
    ['an incomplete error', { kind: 'error', id: 1, error: { message: 'no' } }],
  ])('rejects all pending calls, any of which may have been meant: %s', async (_, message) => {
    const { call, there } = waiting();
    await there;
    worker.say(message);
    const error = await failure(call);
    expect(error).toBeInstanceOf(WorkerError);
    expect(error.code).toBe('protocol');
  });

  it('a message for a finished call is ignored', async () => {
    worker.say({ kind: 'result', id: 999, result: 'late' });
    worker.say({ kind: 'event', id: 999, event: 'late' });
    expect(await connection.call('count', { to: 1, name: '' })).toEqual({ sum: 1 });
  });

  it.each([
    ['result', { kind: 'result', id: 1, result: 'not null' }, 'a result of wait'],
    ['event', { kind: 'event', id: 1, event: 'working' }, 'an event of wait'],
  ])('a wrong %s rejects its call', async (_, message, what) => {
    const { call, there } = waiting();
    const other = waiting();
    await Promise.all([there, other.there]);
    worker.say(message);
    const error = await failure(call);
    expect(error).toMatchObject({ code: 'protocol', details: { what } });
    seen.resume[1]?.();
    expect(await other.call).toBeNull();
  });

  it('invalid parameters are rejected by the worker, which names their key', async () => {
    const error = await failure(connection.call('count', { to: 1.5, name: '' }));
    expect(error).toBeInstanceOf(WorkerError);
    expect(error).toMatchObject({ code: 'protocol', details: { what: 'a call of count', key: 'to' } });
  });

  it('an unknown method is rejected on either side', async () => {
    const wider: Api = { ...api, toString: api.wait, more: api.wait };
    for (const method of ['more', 'toString']) {
      const error = await failure(connect(worker, wider).call(method, null));
      expect(error).toMatchObject({ code: 'protocol', details: { method } });
    }
    const unknown = connect(worker, wider).call('nowhere', null);
    expect((await failure(unknown)).code).toBe('protocol');
  });

  it('parameters that cannot be cloned reject at once, and the call is forgotten', async () => {
    const stop = new AbortController();
    const loose: Connection<Api> = connect(worker, { wait: { ...api.wait, params: v.unknown() } });
    const call = loose.call('wait', () => 'a function', { signal: stop.signal });
    await expect(call).rejects.toThrow(/could not be cloned/);
    expect(getEventListeners(stop.signal, 'abort')).toHaveLength(0);
  });

  it('a result that cannot be cloned rejects the call', async () => {
    const { port1, port2 } = new MessageChannel();
    const loose = { give: { params: v.unknown(), event: v.unknown(), result: v.unknown() } } satisfies Api;
    serve(port1, loose, { give: () => Promise.resolve({ value: () => 'a function', transfer: [] }) });
    const answers: unknown[] = [];
    const answered = new Promise<void>((resolve) => {
      port2.addEventListener('message', ({ data }) => {
        answers.push(data);
        resolve();
      });
    });
    port1.start();
    port2.start();
    port2.postMessage({ kind: 'call', id: 5, method: 'give', params: null });
    await answered;
    port1.close();
    expect(answers).toMatchObject([{ kind: 'error', id: 5, error: { code: 'unexpected' } }]);
  });
});

describe('every error', () => {
  it('of a connection has a remedy', async () => {
    worker.die('gone');
    const error = await failure(connection.call('wait', null));
    expect(error).toBeInstanceOf(DriftError);
    expect(error.remedy).not.toBe('');
  });
});

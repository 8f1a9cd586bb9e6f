import { getEventListeners } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { anySignal } from '../../../src/base/index.ts';

const native = Object.getOwnPropertyDescriptor(AbortSignal, 'any') ?? {};
afterEach(() => {
  Object.defineProperty(AbortSignal, 'any', native);
});

describe.each(['that has AbortSignal.any', 'of 2023'])('in a browser %s', (browser) => {
  function pair() {
    if (browser === 'of 2023') Reflect.deleteProperty(AbortSignal, 'any');
    return [new AbortController(), new AbortController()] as const;
  }

  it.each([0, 1] as const)('any of several signals aborts, with its reason: %i', (index) => {
    const controllers = pair();
    const signal = anySignal(controllers.map((controller) => controller.signal));
    expect(signal.aborted).toBe(false);
    const reason = new Error('enough');
    controllers[index].abort(reason);
    controllers[1 - index]?.abort(new Error('late'));
    expect(signal.aborted).toBe(true);
    expect(signal.reason).toBe(reason);
    const left = controllers.flatMap((controller) => getEventListeners(controller.signal, 'abort'));
    expect(left, 'nothing listens any more').toEqual([]);
  });

  it('one that was aborted before aborts at once', () => {
    const [first, second] = pair();
    second.abort(new Error('before'));
    expect(anySignal([first.signal, second.signal]).reason).toMatchObject({ message: 'before' });
    expect(getEventListeners(first.signal, 'abort')).toEqual([]);
  });
});

import { getEventListeners } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { anySignal } from '../../../src/base/index.ts';

const native = Object.getOwnPropertyDescriptor(AbortSignal, 'any') ?? {};
afterEach(() => {
  Object.defineProperty(AbortSignal, 'any', native);
});

describe.each(['with AbortSignal.any', 'without it'])('in a browser %s', (browser) => {
  function pair() {
    if (browser === 'without it') Reflect.deleteProperty(AbortSignal, 'any');
    return [new AbortController(), new AbortController()] as const;
  }

  it.each([0, 1] as const)(
    'anySignal aborts with the reason of the first aborted signal and removes its listeners: %i',
    (index) => {
      const controllers = pair();
      const signal = anySignal(controllers.map((controller) => controller.signal));
      expect(signal.aborted).toBe(false);
      const reason = new Error('enough');
      controllers[index].abort(reason);
      controllers[1 - index]?.abort(new Error('late'));
      expect(signal.aborted).toBe(true);
      expect(signal.reason).toBe(reason);
      const left = controllers.flatMap((controller) => getEventListeners(controller.signal, 'abort'));
      expect(left, 'remaining abort listeners').toEqual([]);
    },
  );

  it('anySignal of a signal that is already aborted is aborted', () => {
    const [first, second] = pair();
    second.abort(new Error('before'));
    expect(anySignal([first.signal, second.signal]).reason).toMatchObject({ message: 'before' });
    expect(getEventListeners(first.signal, 'abort')).toEqual([]);
  });
});

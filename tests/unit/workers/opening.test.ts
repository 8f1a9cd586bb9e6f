import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as v from 'valibot';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openToWrite } from '../../../workers/opening.ts';

interface Opened {
  readonly name: string;
}

/** A file that is opened when the test continues it. Like a browser's file, it does not keep itself alive. */
function fakeFile() {
  const answers: { resolve: (handle: Opened) => void; reject: (error: Error) => void }[] = [];
  const file = {
    createSyncAccessHandle: () =>
      new Promise<Opened>((resolve, reject) => {
        answers.push({ resolve, reject });
      }),
  };
  return { file, answers };
}

/** Collects garbage. */
async function collect(): Promise<void> {
  setFlagsFromString('--expose-gc');
  const gc = v.parse(v.function(), runInNewContext('gc'));
  for (let turn = 0; turn < 3; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    gc();
  }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('openToWrite', () => {
  it('keeps the file handle alive until the browser has answered, and no longer', async () => {
    const begin = () => {
      const { file, answers } = fakeFile();
      return { weak: new WeakRef(file), opening: openToWrite(file), answers };
    };
    const { weak, opening, answers } = begin();
    await collect();
    expect(weak.deref(), 'Chromium never answers if the handle was collected').toBeDefined();
    answers[0]?.resolve({ name: 'opened' });
    expect(await opening).toEqual({ name: 'opened' });
    await collect();
    expect(weak.deref()).toBeUndefined();
  });

  it('requests access once, however long that takes', async () => {
    const { file, answers } = fakeFile();
    const opening = openToWrite(file);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(answers).toHaveLength(1);
    answers[0]?.resolve({ name: 'opened' });
    expect(await opening).toEqual({ name: 'opened' });
  });

  it('rejects when the browser rejects', async () => {
    const { file, answers } = fakeFile();
    const opening = openToWrite(file);
    const refusal = new DOMException('locked', 'NoModificationAllowedError');
    answers[0]?.reject(refusal);
    await expect(opening).rejects.toBe(refusal);
  });
});

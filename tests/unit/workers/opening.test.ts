import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openToWrite } from '../../../workers/opening.ts';

/** A file that is opened when the test says so. */
function fakeFile() {
  const open: { resolve: (handle: { close: () => void }) => void; reject: (error: Error) => void }[] = [];
  const createSyncAccessHandle = () =>
    new Promise<{ close: () => void }>((resolve, reject) => {
      open.push({ resolve, reject });
    });
  return { open, createSyncAccessHandle };
}

const fakeHandle = () => ({ close: vi.fn<() => void>() });

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a file that is opened for writing', () => {
  it('is asked for again when the browser does not answer, and one that comes too late is closed', async () => {
    const file = fakeFile();
    const opening = openToWrite(file);
    await vi.advanceTimersByTimeAsync(2000);
    expect(file.open).toHaveLength(2);
    const [late, taken] = [fakeHandle(), fakeHandle()];
    file.open[1]?.resolve(taken);
    expect(await opening).toBe(taken);
    file.open[0]?.resolve(late);
    await vi.runAllTimersAsync();
    expect(late.close).toHaveBeenCalledOnce();
    expect(taken.close).not.toHaveBeenCalled();
  });

  it('may take its time: the first answer counts, though a second one was asked for', async () => {
    const file = fakeFile();
    const opening = openToWrite(file);
    await vi.advanceTimersByTimeAsync(2000);
    // The browser sees the first one in its way.
    file.open[1]?.reject(new DOMException('locked', 'NoModificationAllowedError'));
    const handle = fakeHandle();
    file.open[0]?.resolve(handle);
    expect(await opening).toBe(handle);
    expect(handle.close).not.toHaveBeenCalled();
  });

  it('is refused at once when the browser refuses', async () => {
    const file = fakeFile();
    const opening = openToWrite(file);
    const refusal = new DOMException('locked', 'NoModificationAllowedError');
    file.open[0]?.reject(refusal);
    await expect(opening).rejects.toBe(refusal);
    expect(file.open).toHaveLength(1);
  });

  it('is given up when the browser never answers', async () => {
    const file = fakeFile();
    const refused = expect(openToWrite(file)).rejects.toMatchObject({ name: 'TimeoutError' });
    await vi.runAllTimersAsync();
    await refused;
    expect(file.open).toHaveLength(5);
  });
});

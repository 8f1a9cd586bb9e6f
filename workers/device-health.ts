import type { Backend } from './backend.ts';

/**
 * Checks a device by a read-back: sessions can be created on a lost device, and fail only when they run.
 *
 * @throws the device's error, or the signal's reason
 */
export async function checkAlive({ compute, lost }: Backend, signal: AbortSignal): Promise<void> {
  if (!lost) return;
  const asked = compute.upload(new Float32Array(4), [4]);
  try {
    await compute.read([asked], signal);
  } finally {
    asked.dispose();
  }
}

/** @throws the signal's reason */
export async function isLost(backend: Backend, signal: AbortSignal): Promise<boolean> {
  try {
    await checkAlive(backend, signal);
    return false;
  } catch {
    signal.throwIfAborted();
    return true;
  }
}

/**
 * Runs work that yields results, and restarts it after the finished ones if its device is lost.
 *
 * @param begin Starts the work with a model; `done` results exist already, and it yields the rest.
 * @param isResult True for results; other values (progress) may repeat after a restart.
 * @param recover Returns a model on a new device, or throws `error` if the device was not lost.
 * @throws the error of a result that loses a second device: a third would not help
 */
export async function* withDeviceRecovery<M, T>({
  model,
  signal,
  begin,
  isResult,
  recover,
}: {
  readonly model: M;
  readonly signal: AbortSignal;
  readonly begin: (model: M, done: number) => AsyncIterable<T>;
  readonly isResult: (given: T) => boolean;
  readonly recover: (stale: M, error: unknown) => Promise<M>;
}): AsyncGenerator<T, void, undefined> {
  let current = model;
  let done = 0;
  let lostAt = -1;
  for (;;) {
    try {
      for await (const given of begin(current, done)) {
        if (isResult(given)) done++;
        yield given;
      }
      return;
    } catch (error) {
      if (signal.aborted || lostAt === done) throw error;
      lostAt = done;
      current = await recover(current, error);
    }
  }
}

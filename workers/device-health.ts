import type { Machine } from './machine.ts';

/**
 * Reads something back from the device, which one that is gone cannot give: sessions can be made on a lost device, and
 * fail only when they are run.
 *
 * @throws what is wrong with the device, or the signal's reason
 */
export async function checkAlive({ compute, lost }: Machine, signal: AbortSignal): Promise<void> {
  if (!lost) return;
  const asked = compute.upload(new Float32Array(4), [4]);
  try {
    await compute.read([asked], signal);
  } finally {
    asked.dispose();
  }
}

/** @throws the signal's reason */
export async function isLost(machine: Machine, signal: AbortSignal): Promise<boolean> {
  try {
    await checkAlive(machine, signal);
    return false;
  } catch {
    signal.throwIfAborted();
    return true;
  }
}

/**
 * Runs work that gives results one by one, and begins it again, after those that are there, where its device was lost.
 *
 * @param begin - given what to work with, and how many results there are already; it gives those that are left
 * @param isResult - whether something that the work gives is a result: what comes between results is given again
 * @param recover - gives something else to work with, or throws the error where that is not of a lost device
 * @throws the error of a result that costs a second device: it would cost a third one as well
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

/** `Promise.withResolvers`, which browsers of 2023 lack. */
export function withResolvers() {
  let resolve: () => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

/** Auto-reset event: `set` wakes the loop that waits for it; setting it before the wait is not lost. */
export class AutoResetEvent {
  #signal = withResolvers();

  set(): void {
    this.#signal.resolve();
  }

  async wait(): Promise<void> {
    await this.#signal.promise;
    this.#signal = withResolvers();
  }
}

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

/** Auto-reset event: `ring` wakes the loop that awaits `rung`; a ring before the wait is not lost. */
export class Bell {
  #ringing = withResolvers();

  ring(): void {
    this.#ringing.resolve();
  }

  async rung(): Promise<void> {
    await this.#ringing.promise;
    this.#ringing = withResolvers();
  }
}

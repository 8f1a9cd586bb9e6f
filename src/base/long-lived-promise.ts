/**
 * Races short work against a promise that may stay pending for the life of the program, such as the loss of a GPU
 * device. `Promise.race` would leak one reaction, and the result it refers to, per call (V8 issue 9858).
 */
export class LongLivedPromise {
  readonly #waits = new Set<(error: unknown) => void>();
  #failure: { readonly error: unknown } | null = null;

  /** @param promise Its rejection rejects all current and later waits. */
  constructor(promise: Promise<never>) {
    promise.catch((error: unknown) => {
      this.#failure = { error };
      for (const fail of this.#waits) fail(error);
      this.#waits.clear();
    });
  }

  /** Number of pending waits. */
  get waits(): number {
    return this.#waits.size;
  }

  /** The outcome of `work`, or a rejection as soon as the long-lived promise rejects; `work` is ignored from then on. */
  race<T>(work: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#failure) {
        work.catch(() => undefined);
        reject(toError(this.#failure.error));
        return;
      }
      const fail = (error: unknown) => {
        reject(toError(error));
      };
      this.#waits.add(fail);
      work.then(
        (value) => {
          this.#waits.delete(fail);
          resolve(value);
        },
        (error: unknown) => {
          this.#waits.delete(fail);
          fail(error);
        },
      );
    });
  }
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

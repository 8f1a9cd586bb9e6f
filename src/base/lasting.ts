/**
 * A promise that may stay pending as long as the program runs, such as the loss of a device, to be waited for beside
 * short work. `Promise.race` would leave a reaction on it for each wait, with all that the wait's result refers to
 * (V8 issue 9858); here a wait that is over leaves nothing.
 */
export class Lasting {
  readonly #waits = new Set<(error: unknown) => void>();
  #failure: { readonly error: unknown } | null = null;

  /** @param lasting - what waits fail with, once it rejects */
  constructor(lasting: Promise<never>) {
    lasting.catch((error: unknown) => {
      this.#failure = { error };
      for (const fail of this.#waits) fail(error);
      this.#waits.clear();
    });
  }

  /** Waits that are not over. */
  get waits(): number {
    return this.#waits.size;
  }

  /**
   * The outcome of `work`, or a rejection as soon as the lasting promise rejects. What the work does afterwards is
   * ignored.
   */
  during<T>(work: Promise<T>): Promise<T> {
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

/** The part of `navigator.locks` (Web Locks) that is used. */
export interface BrowserLocks {
  request(
    name: string,
    options: { readonly mode?: LockMode; readonly ifAvailable?: boolean },
    granted: (lock: object | null) => Promise<void> | null,
  ): Promise<unknown>;
}

/** Between two requests for a lock that is taken, in milliseconds. */
const interval = 50;

/** Web Locks of a worker. All workers and tabs share them, and the browser takes them back when their holder ends. */
export class WorkerLocks {
  readonly #browser: BrowserLocks | null;
  /** Locks that were released here, and that the browser may not have taken back yet. */
  readonly #returning = new Set<Promise<unknown>>();

  /** @param browser - null on pages that are not secure, which have no storage to lock either */
  constructor(browser = browserLocks()) {
    this.#browser = browser;
  }

  /**
   * Requests a lock until it is granted or `patience` has been spent waiting between requests; how long the browser takes
   * to answer does not count.
   *
   * Each request is `ifAvailable`. One that waits in the browser's queue would have to be aborted in the end, and in
   * Chromium (156) an aborted request keeps the lock from others for a moment, although nobody has it.
   *
   * @param patience - in milliseconds
   * @returns what releases the lock, or null where somebody else has it
   */
  async tryHold(name: string, patience: number, mode: LockMode = 'exclusive'): Promise<(() => void) | null> {
    for (let left = patience; ; left -= interval) {
      await Promise.all(this.#returning);
      const release = await this.#request(name, mode, true);
      if (release || left <= 0) return release;
      await new Promise((resolve) => setTimeout(resolve, interval));
    }
  }

  /** Holds a lock as soon as all who requested it before have released it. Returns what releases it. */
  async hold(name: string): Promise<() => void> {
    return (await this.#request(name, 'exclusive', false)) ?? (() => undefined);
  }

  #request(name: string, mode: LockMode, ifAvailable: boolean): Promise<(() => void) | null> {
    const browser = this.#browser;
    if (!browser) return Promise.resolve(() => undefined);
    return new Promise((resolve, reject) => {
      const ended = browser.request(name, { mode, ifAvailable }, (lock) => {
        if (!lock) {
          resolve(null);
          return null;
        }
        return new Promise<void>((end) => {
          let held = true;
          resolve(() => {
            if (held) this.#returning.add(returned);
            held = false;
            end();
          });
        });
      });
      const returned: Promise<unknown> = ended
        .catch((error: unknown) => {
          reject(error instanceof Error ? error : new Error(String(error)));
        })
        .finally(() => this.#returning.delete(returned));
    });
  }
}

function browserLocks(): BrowserLocks | null {
  return 'navigator' in globalThis && 'locks' in navigator ? navigator.locks : null;
}

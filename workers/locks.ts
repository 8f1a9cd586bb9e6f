/** The part of `navigator.locks` (Web Locks) in use. */
export interface BrowserLocks {
  request(
    name: string,
    options: { readonly mode?: LockMode; readonly ifAvailable?: boolean },
    granted: (lock: object | null) => Promise<void> | null,
  ): Promise<unknown>;
}

/** Interval between attempts, in milliseconds. */
const interval = 50;

/** Web Locks of a worker, shared by all workers and tabs. The browser releases them when their holder ends. */
export class WorkerLocks {
  readonly #browser: BrowserLocks | null;
  /** Released locks that the browser may not have taken back yet. */
  readonly #returning = new Set<Promise<unknown>>();

  /** @param browser Null on insecure pages, which have no storage to lock either. */
  constructor(browser = browserLocks()) {
    this.#browser = browser;
  }

  /**
   * Tries to acquire a lock, waiting up to `timeout` between attempts; the browser's response time does not count.
   *
   * Each attempt uses `ifAvailable`: a queued request would have to be aborted in the end, and in Chromium (156) an aborted
   * request blocks the lock for a moment although nobody holds it.
   *
   * @param timeout In milliseconds.
   * @returns a function that releases the lock, or null if another holder has it
   */
  async tryHold(name: string, timeout: number, mode: LockMode = 'exclusive'): Promise<(() => void) | null> {
    for (let left = timeout; ; left -= interval) {
      await Promise.all(this.#returning);
      const release = await this.#request(name, mode, true);
      if (release || left <= 0) return release;
      await new Promise((resolve) => setTimeout(resolve, interval));
    }
  }

  /** Acquires a lock after all earlier requests. Returns a function that releases it. */
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

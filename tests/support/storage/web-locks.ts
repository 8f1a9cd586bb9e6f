import type { BrowserLocks } from '../../../workers/locks.ts';

type Granted = (lock: object | null) => Promise<void> | null;

interface LockRequest {
  readonly client: LockClient;
  readonly mode: LockMode;
  readonly settle: (lock: object | null) => void;
}

/** Messages between a worker and the browser take a turn of the event loop. */
const message = () => new Promise<void>((resolve) => setImmediate(resolve));

/**
 * In-memory Web Locks of one browser, as strict as Chromium's (156): `ifAvailable` is also refused while others wait, and a
 * released lock stays taken until the message has reached the browser.
 */
export class MemoryLocks {
  readonly #held = new Map<string, Set<LockRequest>>();
  readonly #queues = new Map<string, LockRequest[]>();

  /** Locks as seen by one worker. */
  client(): LockClient {
    return new LockClient(this);
  }

  /** Names of all held locks. */
  get held(): string[] {
    return [...this.#held.keys()].sort();
  }

  /** Grants a lock when it is free; with `ifAvailable`, now or never. */
  ask(name: string, request: LockRequest, ifAvailable: boolean): void {
    const queue = this.#queues.get(name) ?? [];
    if (ifAvailable && (queue.length > 0 || !this.#isFree(name, request.mode))) {
      request.settle(null);
      return;
    }
    this.#queues.set(name, [...queue, request]);
    this.#grant(name);
  }

  release(name: string, request: LockRequest): void {
    const holders = this.#held.get(name);
    holders?.delete(request);
    if (holders?.size === 0) this.#held.delete(name);
    this.#grant(name);
  }

  /** Releases all locks and requests of a worker. */
  forget(client: LockClient): void {
    for (const [name, queue] of this.#queues) {
      this.#queues.set(
        name,
        queue.filter((request) => request.client !== client),
      );
    }
    for (const [name, holders] of [...this.#held]) {
      for (const request of [...holders]) if (request.client === client) this.release(name, request);
    }
    for (const name of this.#queues.keys()) this.#grant(name);
  }

  #isFree(name: string, mode: LockMode): boolean {
    const holders = [...(this.#held.get(name) ?? [])];
    return holders.length === 0 || (mode === 'shared' && holders.every((each) => each.mode === 'shared'));
  }

  #grant(name: string): void {
    const queue = this.#queues.get(name) ?? [];
    for (let next = queue[0]; next && this.#isFree(name, next.mode); next = queue[0]) {
      queue.shift();
      this.#held.set(name, (this.#held.get(name) ?? new Set()).add(next));
      next.settle({ name, mode: next.mode });
    }
    if (queue.length === 0) this.#queues.delete(name);
  }
}

/** `navigator.locks` of one worker. */
export class LockClient implements BrowserLocks {
  readonly #browser: MemoryLocks;
  #dead = false;

  constructor(browser: MemoryLocks) {
    this.#browser = browser;
  }

  async request(
    name: string,
    { mode = 'exclusive', ifAvailable = false }: { readonly mode?: LockMode; readonly ifAvailable?: boolean },
    granted: Granted,
  ): Promise<unknown> {
    await this.#message();
    let settle: LockRequest['settle'] = () => undefined;
    const answer = new Promise<object | null>((resolve) => (settle = resolve));
    const request: LockRequest = { client: this, mode, settle };
    this.#browser.ask(name, request, ifAvailable);
    const lock = await answer;
    await this.#message();
    try {
      return await granted(lock);
    } finally {
      if (lock) {
        await this.#message();
        this.#browser.release(name, request);
        await this.#message();
      }
    }
  }

  /** Simulates the end of the worker: its locks are released, and its code stops. */
  die(): void {
    this.#dead = true;
    this.#browser.forget(this);
  }

  async #message(): Promise<void> {
    await message();
    if (this.#dead) await new Promise(() => undefined);
  }
}

import type { CDPSession, Page } from '@playwright/test';
import * as v from 'valibot';

/** JavaScript heap of a worker, in bytes. */
export interface WorkerHeap {
  /** Objects on the heap. */
  readonly objects: number;
  /** Backing stores of ArrayBuffers, including WebAssembly memory unless it is shared between threads. */
  readonly buffers: number;
}

const answerSchema = v.object({
  result: v.object({
    usedSize: v.number(),
    embedderHeapUsedSize: v.optional(v.number(), 0),
    backingStorageSize: v.optional(v.number(), 0),
  }),
});

/**
 * Polls the heap usage of a page's workers through the Chrome DevTools Protocol. Workers answer while running
 * JavaScript, but not while they block or run native code, so peaks during those are missed.
 */
export class WorkerHeaps {
  readonly #session: CDPSession;
  readonly #onHeap: (worker: string, heap: WorkerHeap) => void;
  /** Names of live workers by session id. */
  readonly #workers = new Map<string, string>();
  #asked = 0;

  private constructor(session: CDPSession, onHeap: (worker: string, heap: WorkerHeap) => void) {
    this.#session = session;
    this.#onHeap = onHeap;
  }

  /**
   * Attaches to the workers of a page.
   *
   * @param onHeap - called for each answer, with the worker's name
   */
  static async of(page: Page, onHeap: (worker: string, heap: WorkerHeap) => void): Promise<WorkerHeaps> {
    const session = await page.context().newCDPSession(page);
    const heaps = new WorkerHeaps(session, onHeap);
    session.on('Target.attachedToTarget', ({ sessionId, targetInfo }) => {
      if (targetInfo.type === 'worker') heaps.#workers.set(sessionId, targetInfo.title);
    });
    session.on('Target.detachedFromTarget', ({ sessionId }) => {
      heaps.#workers.delete(sessionId);
    });
    session.on('Target.receivedMessageFromTarget', ({ sessionId, message }) => {
      heaps.#receive(sessionId, message);
    });
    // Playwright does not support nested CDP sessions: messages to a worker are wrapped in messages to its page.
    const attach = { autoAttach: true, waitForDebuggerOnStart: false, flatten: false };
    await session.send('Target.setAutoAttach', attach);
    return heaps;
  }

  /** Polls every worker; answers arrive asynchronously. */
  ask(): void {
    for (const sessionId of this.#workers.keys()) {
      const message = JSON.stringify({ id: ++this.#asked, method: 'Runtime.getHeapUsage' });
      // The worker or its page may have ended.
      this.#session.send('Target.sendMessageToTarget', { sessionId, message }).catch(() => undefined);
    }
  }

  #receive(sessionId: string, message: string): void {
    const worker = this.#workers.get(sessionId);
    const answer = v.safeParse(answerSchema, JSON.parse(message));
    if (worker === undefined || !answer.success) return;
    const { usedSize, embedderHeapUsedSize, backingStorageSize } = answer.output.result;
    this.#onHeap(worker, { objects: usedSize + embedderHeapUsedSize, buffers: backingStorageSize });
  }
}

import type { CDPSession, Page } from '@playwright/test';
import * as v from 'valibot';

/** What a worker holds in JavaScript, in bytes. */
export interface WorkerHeap {
  /** Objects. */
  readonly objects: number;
  /** What stands behind its ArrayBuffers, WebAssembly's memory included where only one thread has it. */
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
 * Asks the workers of a page, by Chromium's debugging protocol, what they hold. A worker answers in the middle of its
 * JavaScript, but not while it waits or is in another program's code: what it held then is not seen.
 */
export class WorkerHeaps {
  readonly #session: CDPSession;
  readonly #onHeap: (worker: string, heap: WorkerHeap) => void;
  /** Names of the workers that are there, by their sessions. */
  readonly #workers = new Map<string, string>();
  #asked = 0;

  private constructor(session: CDPSession, onHeap: (worker: string, heap: WorkerHeap) => void) {
    this.#session = session;
    this.#onHeap = onHeap;
  }

  /** @param onHeap - told of each answer, with the name that the page gave to the worker */
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
      heaps.#hear(sessionId, message);
    });
    // Playwright has no sessions of a session: messages to a worker are wrapped in messages to its page.
    const attach = { autoAttach: true, waitForDebuggerOnStart: false, flatten: false };
    await session.send('Target.setAutoAttach', attach);
    return heaps;
  }

  /** Asks every worker; the answers come when they come. */
  ask(): void {
    for (const sessionId of this.#workers.keys()) {
      const message = JSON.stringify({ id: ++this.#asked, method: 'Runtime.getHeapUsage' });
      // A worker may end at any time, and so may its page.
      this.#session.send('Target.sendMessageToTarget', { sessionId, message }).catch(() => undefined);
    }
  }

  #hear(sessionId: string, message: string): void {
    const worker = this.#workers.get(sessionId);
    const answer = v.safeParse(answerSchema, JSON.parse(message));
    if (worker === undefined || !answer.success) return;
    const { usedSize, embedderHeapUsedSize, backingStorageSize } = answer.output.result;
    this.#onHeap(worker, { objects: usedSize + embedderHeapUsedSize, buffers: backingStorageSize });
  }
}

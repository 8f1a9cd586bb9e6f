import { chromium } from '@playwright/test';
import type { BrowserContext, Page } from '@playwright/test';
import type { Machine } from '../../tests/rig/machines.ts';
import { CallLog, recordCalls } from './call-log.ts';
import type { CallEvent } from './call-log.ts';
import { familyOf, killAll, listProcesses } from './processes.ts';
import { WorkerHeaps } from './worker-heaps.ts';
import type { WorkerHeap } from './worker-heaps.ts';

/** Interval at which the page is polled, in milliseconds. */
const pollEvery = 250;

export interface VisitOptions {
  readonly machine: Machine;
  /** Profile folder, which persists between visits. */
  readonly profile: string;
  readonly signal: AbortSignal;
  readonly onHeap: (worker: string, heap: WorkerHeap) => void;
}

/** A browser with one page, which can be closed or killed. */
export class Visit {
  readonly page: Page;
  /** Id of the browser's main process. */
  readonly pid: number;
  readonly #context: BrowserContext;
  readonly #heaps: WorkerHeaps;
  readonly #log = new CallLog();
  readonly #signal: AbortSignal;
  /** Error that makes the page unusable. */
  #broken: Error | null = null;
  /** Set once the browser is closed or killed on purpose. */
  #ending: Promise<void> | null = null;

  private constructor(
    context: BrowserContext,
    page: Page,
    pid: number,
    heaps: WorkerHeaps,
    signal: AbortSignal,
  ) {
    this.#context = context;
    this.page = page;
    this.pid = pid;
    this.#heaps = heaps;
    this.#signal = signal;
    page.on('pageerror', (error) => (this.#broken ??= error));
    page.on('crash', () => (this.#broken ??= new Error('The page has crashed.')));
    context.on('close', () => {
      if (!this.#ending) this.#broken ??= new Error('The browser has ended by itself.');
    });
    // Ends all pending waits on the page.
    signal.addEventListener('abort', () => void this.kill());
  }

  /** Starts the browser. */
  static async begin({ machine, profile, signal, onHeap }: VisitOptions): Promise<Visit> {
    signal.throwIfAborted();
    const { executablePath, args, env } = machine;
    const context = await chromium.launchPersistentContext(profile, {
      executablePath,
      args,
      env: { ...process.env, ...env },
      // This program handles signals itself, so that it can clean up.
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
    });
    try {
      const own = (await listProcesses()).find(
        (each) => each.parent === process.pid && each.arguments.includes(`--user-data-dir=${profile}`),
      );
      if (!own) throw new Error('The browser that was started is not among the processes.');
      await recordCalls(context);
      const page = context.pages()[0] ?? (await context.newPage());
      return new Visit(context, page, own.pid, await WorkerHeaps.of(page, onHeap), signal);
    } catch (error) {
      await context.close();
      throw error;
    }
  }

  /** Recorded messages so far, in order. */
  get events(): readonly CallEvent[] {
    return this.#log.events;
  }

  /** Whether the browser was closed or killed on purpose. */
  get ended(): boolean {
    return this.#ending !== null;
  }

  /** Version of the browser. */
  get version(): string {
    return this.#context.browser()?.version() ?? '';
  }

  /** Last recorded message, for logs. */
  get state(): string {
    const last = this.events.at(-1);
    switch (last?.kind) {
      case undefined:
        return 'opening the page';
      case 'called':
        return `${last.method} was called`;
      case 'result':
        return `${last.method} is done`;
      case 'error':
        return `${last.method} failed`;
      case 'get':
        if (last.event.kind !== 'progress') return 'get is running';
        return `${last.event.stage}, ${percent(last.event.done, last.event.of)}`;
      case 'load':
        return `${last.event.stage} ${last.event.part}, ${percent(last.event.done, last.event.of)}`;
      case 'generate': {
        const { kind, progress } = last.event;
        return progress ? `${progress.stage}, ${progress.step} of ${progress.of}` : kind;
      }
    }
  }

  askWorkers(): void {
    if (!this.#ending) this.#heaps.ask();
  }

  /**
   * Waits for a message that matches `is`.
   *
   * @param what - description for the error message
   * @param seconds - timeout
   * @param since - number of messages to skip
   * @throws Error on timeout, or if a call to a worker or the page fails; the signal's reason if aborted
   */
  async waitFor(
    what: string,
    seconds: number,
    since: number,
    is: (event: CallEvent) => boolean,
  ): Promise<CallEvent> {
    const end = performance.now() + 1000 * seconds;
    for (let seen = since; ;) {
      this.#signal.throwIfAborted();
      if (this.#broken) throw this.#broken;
      await this.#log.collect(this.page).catch((error: unknown) => {
        // The cause is more informative than the error of `collect`, which only says that the page is gone.
        this.#signal.throwIfAborted();
        throw this.#broken ?? error;
      });
      for (; seen < this.events.length; seen++) {
        const event = this.events[seen];
        if (event?.kind === 'error') throw new Error(`${event.method}: ${event.message}`);
        if (event && is(event)) return event;
      }
      if (performance.now() > end) {
        throw new Error(`Waited ${seconds} s for ${what}, which did not happen. Last: ${this.state}.`);
      }
      await new Promise((resolve) => setTimeout(resolve, pollEvery));
    }
  }

  /** Kills all processes of the browser at once, like a power cut. */
  kill(): Promise<void> {
    return (this.#ending ??= this.#kill());
  }

  async #kill(): Promise<void> {
    const family = familyOf(this.pid, await listProcesses());
    await killAll(family.map(({ pid }) => pid));
    await this.#context.close().catch(() => undefined);
  }

  /** Closes the browser normally. */
  close(): Promise<void> {
    return (this.#ending ??= this.#context.close());
  }
}

function percent(done: number, of: number): string {
  return of > 0 ? `${Math.floor((100 * done) / of)} %` : '0 %';
}

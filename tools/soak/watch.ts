import { setTimeout as wait } from 'node:timers/promises';
import type { HubRequest } from '../../tests/support/hub/index.ts';
import type { Visit } from './browser.ts';
import { Peaks } from './peaks.ts';
import type { Phase } from './peaks.ts';
import type { Sent } from './traffic.ts';

/** Intervals of sampling and of progress reports, in milliseconds. */
const [sampleEvery, reportEvery] = [500, 10_000];

/** Samples the browser and the hub during a run, and reports progress. */
export class Watch {
  readonly peaks = new Peaks();
  /** Bytes sent by the hub, at each sample. */
  readonly sent: Sent[] = [];
  /** Current phase. */
  phase: Phase = 'download';
  /** Current browser. */
  visit: Visit | null = null;
  readonly #began = performance.now();
  readonly #requests: readonly HubRequest[];
  readonly #isFloat32: (path: string) => boolean;
  readonly #ends: readonly (() => Promise<void>)[];

  /**
   * @param requests - live list of the hub's requests
   * @param isFloat32 - whether a path in a repository contains float32 weights
   */
  constructor(requests: readonly HubRequest[], isFloat32: (path: string) => boolean) {
    this.#requests = requests;
    this.#isFloat32 = isFloat32;
    this.#ends = [
      repeating(sampleEvery, () => this.#sample()),
      repeating(reportEvery, () => this.#logState()),
    ];
  }

  /** Bytes sent by the hub so far. */
  get sentBytes(): number {
    return this.#requests.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Prints a line to standard error, with the seconds since the start. */
  log(text: string): void {
    console.error(`[${Math.round((performance.now() - this.#began) / 1000)} s] ${text}`);
  }

  async end(): Promise<void> {
    for (const end of this.#ends) await end();
  }

  async #sample(): Promise<void> {
    const all = this.sentBytes;
    const float32 = this.#requests.reduce(
      (sum, { path, bytes }) => sum + (this.#isFloat32(path) ? bytes : 0),
      0,
    );
    this.sent.push({ at: Date.now(), float32, others: all - float32 });
    const { visit, phase } = this;
    if (!visit) return;
    visit.askWorkers();
    await this.peaks.look(phase, visit.pid);
  }

  #logState(): Promise<void> {
    const memory = (this.peaks.of(this.phase).browser / 1e9).toFixed(2);
    const state = this.visit?.state ?? 'no browser';
    this.log(`${this.phase}: ${state}; at most ${memory} GB so far`);
    return Promise.resolve();
  }
}

/** Repeats `work` with pauses in between. The returned function stops it, and rejects if `work` failed. */
function repeating(milliseconds: number, work: () => Promise<void>): () => Promise<void> {
  const stop = new AbortController();
  const ended = (async () => {
    while (!stop.signal.aborted) {
      await work();
      await wait(milliseconds, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  })();
  // The failure is reported when it is stopped.
  ended.catch(() => undefined);
  return () => {
    stop.abort();
    return ended;
  };
}

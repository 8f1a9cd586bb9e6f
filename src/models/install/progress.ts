import { throttled } from '../../base/index.ts';
import type { InstallProgress } from './types.ts';

/** Window of the moving average of the rate, in milliseconds. */
const rateSpan = 10_000;

/** Counts the bytes of a stage and reports progress, rate and remaining time. */
export class ProgressMeter {
  readonly #stage: InstallProgress['stage'];
  readonly #of: number;
  readonly #now: () => number;
  readonly #onProgress: ((progress: InstallProgress) => void) | undefined;
  #done: number;
  /** Recently received bytes with their times. */
  #recent: { readonly time: number; readonly bytes: number }[] = [];
  readonly #began: number;
  readonly #report: (done: number, of: number) => void;

  /** @param done Bytes from earlier, which do not count for the rate. */
  constructor(
    stage: InstallProgress['stage'],
    done: number,
    of: number,
    now: () => number,
    onProgress: ((progress: InstallProgress) => void) | undefined,
  ) {
    this.#stage = stage;
    this.#done = done;
    this.#of = of;
    this.#now = now;
    this.#onProgress = onProgress;
    this.#began = now();
    this.#report = throttled((reported) => {
      this.#tell(reported);
    }, now);
    this.#report(Math.min(done, of), of);
  }

  /** Adds bytes; negative if they must be fetched again. */
  add(bytes: number): void {
    this.#done += bytes;
    if (!this.#onProgress) return;
    if (bytes > 0) this.#recent.push({ time: this.#now(), bytes });
    this.#report(Math.min(this.#done, this.#of), this.#of);
  }

  #tell(done: number): void {
    const time = this.#now();
    this.#recent = this.#recent.filter((each) => time - each.time < rateSpan);
    const milliseconds = Math.min(rateSpan, time - this.#began);
    const bytes = this.#recent.reduce((sum, each) => sum + each.bytes, 0);
    const rate = milliseconds >= 500 && bytes > 0 ? (1000 * bytes) / milliseconds : null;
    this.#onProgress?.({
      stage: this.#stage,
      done,
      of: this.#of,
      bytesPerSecond: rate,
      secondsLeft: rate === null ? null : (this.#of - done) / rate,
    });
  }
}

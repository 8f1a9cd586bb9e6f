/** Number of recent units that the rate is averaged over: enough to be steady, few enough to follow throttling. */
const window = 50;

/** Estimates remaining time from the durations of recent units of work. */
export class Estimate {
  readonly #now: () => number;
  #times: number[];

  /** @param now Clock in milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
    this.#times = [now()];
  }

  /** Records that `units` more units are done. */
  tick(units = 1): void {
    const now = this.#now();
    for (let unit = 0; unit < units; unit++) this.#times = [...this.#times.slice(-window), now];
  }

  /** Seconds for `units` more units; null until there is a rate. */
  secondsFor(units: number): number | null {
    const [first] = this.#times;
    const last = this.#times.at(-1);
    const done = this.#times.length - 1;
    if (first === undefined || last === undefined || done < 2) return null;
    return ((last - first) / done / 1000) * units;
  }
}

/** How many units of work back the rate is measured: enough to be steady, few enough to follow a machine that slows down. */
const WINDOW = 50;

/** Guesses how long the rest takes, from how long the last units of work took. */
export class Estimate {
  readonly #now: () => number;
  #times: number[];

  /** @param now - a clock in milliseconds */
  constructor(now: () => number) {
    this.#now = now;
    this.#times = [now()];
  }

  /** One more unit is done, or several that were done together. */
  tick(units = 1): void {
    const now = this.#now();
    for (let unit = 0; unit < units; unit++) this.#times = [...this.#times.slice(-WINDOW), now];
  }

  /** Seconds for `units` more; null until there is a rate. */
  secondsFor(units: number): number | null {
    const [first] = this.#times;
    const last = this.#times.at(-1);
    const done = this.#times.length - 1;
    if (first === undefined || last === undefined || done < 2) return null;
    return ((last - first) / done / 1000) * units;
  }
}

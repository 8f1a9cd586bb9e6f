import { ModelError, anySignal } from '../base/index.ts';

/** Calls `ring` once after a delay; returns a function that cancels it. */
export type Timer = (milliseconds: number, ring: () => void) => () => void;

/** `setTimeout` as a Timer. */
export const timeout: Timer = (milliseconds, ring) => {
  const timer = setTimeout(ring, milliseconds);
  return () => {
    clearTimeout(timer);
  };
};

/** Seconds without data after which a request is given up. */
export const longestSilence = 30;
const ringEvery = 10;
/** One more, because the first ring may come right after a byte. */
const silentRings = longestSilence / ringEvery + 1;

/**
 * Stall detector: aborts `signal` with a connection error if no byte arrives for too long.
 *
 * Counts ticks of a timer instead of measuring time: to a machine that slept or a thread that was busy, that whole time
 * is one tick, so that data received meanwhile is still read.
 */
export class StallWatch {
  /** Signal for the request: aborted by a stall, and with the caller's signal. */
  readonly signal: AbortSignal;
  readonly #url: string;
  readonly #timer: Timer;
  readonly #gaveUp = new AbortController();
  #silence = 0;
  #unset: () => void = () => undefined;

  /** @param signal The caller's signal. */
  constructor(url: string, signal: AbortSignal | undefined, timer: Timer) {
    this.#url = url;
    this.#timer = timer;
    this.signal = signal ? anySignal([signal, this.#gaveUp.signal]) : this.#gaveUp.signal;
    this.#set();
  }

  /** True if the abort was caused by a stall. */
  get stalled(): boolean {
    return this.signal.aborted && this.signal.reason === this.#gaveUp.signal.reason;
  }

  /** Restarts the count: data arrived, or a wait begins. */
  alive(): void {
    this.#silence = 0;
  }

  /** Suspends the count until `alive`, while the reader is busy. */
  pause(): void {
    this.#silence = -Infinity;
  }

  /** Stops the timer. */
  end(): void {
    this.#unset();
  }

  #set(): void {
    this.#unset = this.#timer(1000 * ringEvery, () => {
      if (++this.#silence < silentRings) this.#set();
      else this.#gaveUp.abort(stall(this.#url));
    });
  }
}

function stall(url: string): ModelError {
  return new ModelError('network', `${url} has sent nothing for ${longestSilence} seconds.`, {
    remedy: 'Check the connection and try again.',
    details: { url, silence: longestSilence },
  });
}

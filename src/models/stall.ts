import { ModelError } from '../base/index.ts';

/** Calls back once so many milliseconds have passed, unless what it returns is called before. */
export type Timer = (milliseconds: number, ring: () => void) => () => void;

/** The clock's. */
export const timeout: Timer = (milliseconds, ring) => {
  const timer = setTimeout(ring, milliseconds);
  return () => {
    clearTimeout(timer);
  };
};

/** A request that gets nothing for so many seconds is given up. */
export const longestSilence = 30;
const ringEvery = 10;
/** The first ring may come at once after a byte. */
const silentRings = longestSilence / ringEvery + 1;

/**
 * Watches over a request: when no byte comes for too long, `signal` is aborted with the error of a lost connection.
 *
 * Silence is counted in rings of a timer rather than measured: to a machine that slept, or a thread that was busy, all
 * of that time is one ring, and what came meanwhile is still read.
 */
export class StallWatch {
  /** For the request: aborted when it stalls, and with the caller's own signal. */
  readonly signal: AbortSignal;
  readonly #url: string;
  readonly #timer: Timer;
  readonly #gaveUp = new AbortController();
  #silence = 0;
  #unset: () => void = () => undefined;

  /** @param signal - the caller's */
  constructor(url: string, signal: AbortSignal | undefined, timer: Timer) {
    this.#url = url;
    this.#timer = timer;
    this.signal = signal ? AbortSignal.any([signal, this.#gaveUp.signal]) : this.#gaveUp.signal;
    this.#set();
  }

  /** Whether it was this that aborted the signal. */
  get stalled(): boolean {
    return this.signal.aborted && this.signal.reason === this.#gaveUp.signal.reason;
  }

  /** Something came, or is waited for from now on. */
  alive(): void {
    this.#silence = 0;
  }

  /** Nothing is waited for until `alive`: whoever reads is busy. */
  pause(): void {
    this.#silence = -Infinity;
  }

  /** Ends the watch; whoever began it calls this. */
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

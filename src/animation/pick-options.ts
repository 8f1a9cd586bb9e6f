import type { SpeculationReport } from '../project/index.ts';
import type { Candidate, RoundEvent, RoundInput, RoundWatch } from './round.ts';

/** What the person does now, from which follows what they are likely to want next. */
export interface Pace {
  /** Whether rounds may be made before they are asked for. */
  readonly speculative: boolean;
  /** The candidate of the round asked for last that the user hovers or has focused, or null. */
  readonly lookedAt: number | null;
}

/** A round that is there before anyone has asked for it. */
export interface RoundAhead {
  /** The name that the round which it follows on was asked for by: see `Waiting`. */
  readonly after: number;
  /** The candidate of that round which it starts from, from 0. */
  readonly candidate: number;
  readonly candidates: readonly Candidate[];
  /** Seconds of work that it has taken. */
  readonly seconds: number;
}

export interface PickOptions {
  /** Starts a round; nothing of it runs before it is asked for its first event. */
  readonly make: (input: RoundInput, watch: RoundWatch) => AsyncGenerator<RoundEvent, void, undefined>;
  /** Bytes of pictures that may be kept, besides the rounds that are waited for or shown. */
  readonly limit: number;
  /** A clock in seconds. */
  readonly now: () => number;
  readonly pace: Pace;
  readonly onState?: (state: SpeculationReport) => void;
  /** Given each finished round that may come next, once, so that a pick can be answered without asking for anything. */
  readonly onAhead?: (round: RoundAhead) => void;
}

/** A caller that waits for a round. */
export interface Waiting {
  /** The caller's name for the round: see `RoundAhead`. */
  readonly name: number;
  readonly signal: AbortSignal;
  /** Whether to take pictures of the candidates as they sharpen. */
  readonly previews: boolean;
  /**
   * Called with all of a round's events, those from before it was asked for included: its latest progress, then its
   * candidates. `seconds` is the work that the round has taken so far.
   */
  readonly onEvent: (event: RoundEvent, seconds: number) => void;
}

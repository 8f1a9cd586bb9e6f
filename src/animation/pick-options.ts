import type { SpeculationReport } from '../project/index.ts';
import type { Candidate, RoundUpdate, RoundInput, RoundWatch } from './round.ts';

/** User activity that decides what to compute ahead. */
export interface UserActivity {
  /** True if rounds may be made speculatively, before they are requested. */
  readonly speculative: boolean;
  /** Candidate of the current round that is hovered or focused, or null. */
  readonly lookedAt: number | null;
}

/** A finished speculative round. */
export interface SpeculativeRound {
  /** Name of the round that it follows: see `RoundRequest`. */
  readonly after: number;
  /** Index of the candidate that it starts from. */
  readonly candidate: number;
  readonly candidates: readonly Candidate[];
  /** Seconds of work it took. */
  readonly seconds: number;
}

export interface PickOptions {
  /** Creates the generator of a round; it must not do anything before its first `next`. */
  readonly make: (input: RoundInput, watch: RoundWatch) => AsyncGenerator<RoundUpdate, void, undefined>;
  /** Maximum bytes of pictures kept, not counting rounds that are waited for or shown. */
  readonly limit: number;
  /** Clock in seconds. */
  readonly now: () => number;
  readonly activity: UserActivity;
  readonly onState?: (state: SpeculationReport) => void;
  /** Called once with each finished speculative round, so that a pick can be answered without a request. */
  readonly onAhead?: (round: SpeculativeRound) => void;
}

/** A request for a round. */
export interface RoundRequest {
  /** The caller's name for the round: see `SpeculativeRound`. */
  readonly name: number;
  readonly signal: AbortSignal;
  /** True if previews of the candidates are wanted. */
  readonly previews: boolean;
  /**
   * Called with all events of the round, starting with earlier ones: the latest progress, then candidates. `seconds` is
   * the work spent on the round so far.
   */
  readonly onEvent: (event: RoundUpdate, seconds: number) => void;
}

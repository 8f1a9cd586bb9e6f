import { PickSession } from '../src/animation/index.ts';
import type { PickOptions, RoundInput } from '../src/animation/index.ts';
import { WorkerError } from '../src/base/index.ts';
import type { SpeculationReport } from '../src/project/index.ts';
import type { EngineNotice, PickEvent, PickActivity, RoundEvent } from '../src/protocol/index.ts';

/** Maximum bytes of pictures kept for speculation and for going back: some 250 of 512 × 512. */
const limit = 256e6;

/** The session of picking by hand, at most one. */
export class Picking {
  readonly #make: PickOptions['make'];
  #session: PickSession | null = null;

  constructor(make: PickOptions['make']) {
    this.#make = make;
  }

  /** Opens a session. Rounds can be requested at once; work starts when it is run. */
  open(activity: PickActivity, emit: (event: PickEvent) => void) {
    this.close();
    let last: SpeculationReport = { ready: [], savedSeconds: 0, stepsAhead: 0 };
    const session = new PickSession({
      make: this.#make,
      limit,
      now: () => performance.now() / 1000,
      activity,
      onState: (state) => {
        last = state;
        emit({ kind: 'state', ...state });
      },
      // Copied, not transferred: the session keeps its own.
      onAhead: ({ after, candidate, candidates, seconds }) => {
        emit({
          kind: 'ahead',
          after,
          candidate,
          candidates: candidates.map(({ variant, picture, insight }) => ({
            variant,
            picture,
            insight,
            seconds,
          })),
        });
      },
    });
    this.#session = session;
    return {
      /** Computes rounds until the session is closed or the signal is aborted. */
      run: async (signal: AbortSignal): Promise<SpeculationReport> => {
        await session.run(signal);
        return last;
      },
      /** Emits a notice to the caller that opened the session. */
      emit: (notice: EngineNotice) => {
        emit(notice);
      },
      close: () => {
        session.close();
        if (this.#session === session) this.#session = null;
      },
    };
  }

  /** Ends the session, if there is one; pending requests reject with an AbortError. */
  close(): void {
    this.#session?.close();
    this.#session = null;
  }

  setActivity(activity: PickActivity): void {
    this.#session?.setActivity(activity);
  }

  /**
   * Requests a round.
   *
   * @throws WorkerError `not-picking` without a session, and what the session throws
   */
  async round(
    { name, previews, ...input }: RoundInput & { readonly name: number; readonly previews: boolean },
    signal: AbortSignal,
    emit: (event: RoundEvent, transfer?: Transferable[]) => void,
  ): Promise<void> {
    if (!this.#session) {
      throw new WorkerError('not-picking', 'Picking by hand has ended.', { remedy: 'Begin it again.' });
    }
    await this.#session.want(input, {
      name,
      signal,
      previews,
      onEvent: (event, seconds) => {
        // Copied, not transferred: the next rounds are made from the same pixels.
        if (event.kind === 'candidate') {
          emit({ kind: 'candidate', ...event.candidate, seconds });
        } else if (event.kind === 'progress') {
          emit(event);
        } else {
          emit(
            event,
            event.pictures.map(({ data }) => data.buffer),
          );
        }
      },
    });
  }
}

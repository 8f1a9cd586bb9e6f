import { PickSession } from '../src/animation/index.ts';
import type { PickOptions, RoundInput } from '../src/animation/index.ts';
import { WorkerError } from '../src/base/index.ts';
import type { SpeculationReport } from '../src/project/index.ts';
import type { EngineNotice, PickEvent, PickPace, RoundEvent } from '../src/protocol/index.ts';

/** Bytes of pictures that are kept for speculation and for going back: some 250 of 512 × 512. */
const limit = 256e6;

/** The session of picking by hand, of which there is one at most. */
export class Picking {
  readonly #make: PickOptions['make'];
  #session: PickSession | null = null;

  constructor(make: PickOptions['make']) {
    this.#make = make;
  }

  /** Opens a session, in which rounds can be asked for at once; work begins when it is run. */
  open(pace: PickPace, emit: (event: PickEvent) => void) {
    this.close();
    let last: SpeculationReport = { ready: [], savedSeconds: 0, stepsAhead: 0 };
    const session = new PickSession({
      make: this.#make,
      limit,
      now: () => performance.now() / 1000,
      pace,
      onState: (state) => {
        last = state;
        emit({ kind: 'state', ...state });
      },
      // Pictures are copied and not moved: the session keeps its own.
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
      /** Works until the session is closed or the signal is aborted. */
      run: async (signal: AbortSignal): Promise<SpeculationReport> => {
        await session.run(signal);
        return last;
      },
      /** Reports a notice to the caller that has opened the session. */
      tell: (notice: EngineNotice) => {
        emit(notice);
      },
      close: () => {
        session.close();
        if (this.#session === session) this.#session = null;
      },
    };
  }

  /** Ends the session, if there is one: those who wait for a round hear an AbortError. */
  close(): void {
    this.#session?.close();
    this.#session = null;
  }

  setPace(pace: PickPace): void {
    this.#session?.setPace(pace);
  }

  /**
   * A round of the session.
   *
   * @throws WorkerError `not-picking` where there is no session, and what the session throws
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
        // Candidates are copied and not moved: their next rounds are made from the same pixels.
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

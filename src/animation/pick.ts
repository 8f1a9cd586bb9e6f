import { abortable, abortReason } from '../base/index.ts';
import { AutoResetEvent, withResolvers } from './auto-reset-event.ts';
import type { UserActivity, PickOptions, RoundRequest } from './pick-options.ts';
import type { Candidate, RoundUpdate, RoundInput } from './round.ts';
import { bytesOf, byLikelihood, isSameRound, evictToFit, roundAfter } from './speculation.ts';

interface Waiter extends Pick<RoundRequest, 'previews' | 'onEvent'> {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** A round in progress, suspended or finished. */
interface Job {
  readonly input: RoundInput;
  readonly bytes: number;
  readonly work: AsyncGenerator<RoundUpdate, void, undefined>;
  readonly controller: AbortController;
  readonly candidates: Candidate[];
  readonly waiters: Set<Waiter>;
  progress: RoundUpdate | null;
  /** Seconds of work so far. */
  seconds: number;
  /** True until the round is requested. */
  speculative: boolean;
  done: boolean;
  failure: { readonly error: unknown } | null;
  /** Sequence number of the last request. */
  askedFor: number;
}

/** The step being computed. */
interface Step {
  readonly job: Job;
  /** Time by `PickOptions.now`. */
  readonly began: number;
  /** Time by `PickOptions.now` since which a requested round has waited for this step; null if none waits. */
  delaying: number | null;
}

/**
 * Scheduler of rounds for picking by hand. One round at a time uses the device, for one step at a time: the requested
 * one, otherwise the next rounds of the shown candidates, most likely first. Suspended rounds keep their state. Rounds
 * are identified by their inputs, so the route to a picture (forward, back, another branch) does not matter.
 */
export class PickSession {
  readonly #options: PickOptions;
  #activity: UserActivity;
  readonly #closing = new AbortController();
  /** In order of creation. */
  #jobs: Job[] = [];
  /** Abandoned rounds, freed before the next step of any other. */
  readonly #leaving: Job[] = [];
  /** The round requested last. */
  #shown: Job | null = null;
  /** The caller's name for it: see `RoundRequest`. */
  #shownName = 0;
  /** Its candidates whose next rounds have been passed to `onAhead`. */
  readonly #announced = new Set<number>();
  /** Seconds. */
  #saved = 0;
  /** Denoising steps of speculative rounds. */
  #stepsAhead = 0;
  /** Number of requests. */
  #asked = 0;
  #step: Step | null = null;
  readonly #wake = new AutoResetEvent();

  constructor(options: PickOptions) {
    this.#options = options;
    this.#activity = options.activity;
  }

  /** Seconds saved by speculation. */
  get savedSeconds(): number {
    return Math.max(0, this.#saved);
  }

  /**
   * Requests a round. Resolves after all its candidates have been passed to `onEvent`, at once if it is finished. Other
   * rounds are abandoned, except requested ones that are in progress or finished.
   *
   * @throws the round's failure, including one that happened speculatively; a new request starts afresh. The signal's
   *   reason, or an AbortError if the session is closed
   */
  async want(input: RoundInput, request: RoundRequest): Promise<void> {
    request.signal.throwIfAborted();
    this.#closing.signal.throwIfAborted();
    const { now } = this.#options;
    let job = this.#find(input);
    if (job?.failure) {
      this.#drop(job);
      throw job.failure.error;
    }
    if (job?.speculative) {
      this.#saved += job.seconds + (this.#step?.job === job ? now() - this.#step.began : 0);
    }
    if (this.#step?.job.speculative && this.#step.job !== job) this.#step.delaying ??= now();
    job ??= this.#begin(input, false);
    job.speculative = false;
    job.askedFor = ++this.#asked;
    if (this.#shown !== job) this.#activity = { ...this.#activity, lookedAt: null };
    this.#shown = job;
    this.#shownName = request.name;
    this.#announced.clear();
    for (const other of this.#jobs) {
      const wasAskedFor = other.waiters.size > 0 || (other.done && !other.speculative);
      if (other !== job && !wasAskedFor) this.#drop(other);
    }
    const old = evictToFit(this.#kept(), { bytes: 0, worth: Infinity }, this.#options.limit) ?? [];
    for (const kept of old) this.#drop(kept.job);
    this.#report();
    this.#wake.set();

    const { progress, seconds } = job;
    if (progress) request.onEvent(progress, seconds);
    for (const candidate of job.candidates) request.onEvent({ kind: 'candidate', candidate }, seconds);
    if (!job.done) await this.#wait(job, request);
  }

  /** Updates the user's activity. Turning speculation off abandons unfinished speculative rounds. */
  setActivity(activity: UserActivity): void {
    this.#activity = activity;
    if (!activity.speculative) {
      for (const job of this.#jobs) if (job.speculative && !job.done) this.#drop(job);
    }
    this.#wake.set();
  }

  /** Computes rounds until the session is closed or the signal is aborted, then frees everything. */
  async run(signal: AbortSignal): Promise<void> {
    const close = () => {
      this.close();
    };
    if (signal.aborted) close();
    signal.addEventListener('abort', close, { once: true });
    try {
      while (!this.#closing.signal.aborted) {
        await this.#free();
        const job = this.#choose();
        if (job) await this.#advance(job);
        else await this.#wake.wait();
      }
    } finally {
      signal.removeEventListener('abort', close);
      this.close();
      await this.#free();
    }
  }

  /** Ends the session: pending requests reject with an AbortError, and `run` frees everything and ends. Idempotent. */
  close(): void {
    this.#closing.abort();
    this.#shown = null;
    for (const job of this.#jobs) this.#drop(job);
    this.#wake.set();
  }

  #find(input: RoundInput): Job | null {
    return this.#jobs.find((job) => isSameRound(job.input, input)) ?? null;
  }

  #begin(input: RoundInput, speculative: boolean): Job {
    const controller = new AbortController();
    const waiters = new Set<Waiter>();
    const previews = () => [...waiters].some((waiter) => waiter.previews);
    const job: Job = {
      input,
      bytes: bytesOf(input),
      work: this.#options.make(input, { signal: controller.signal, previews }),
      controller,
      candidates: [],
      waiters,
      progress: null,
      seconds: 0,
      speculative,
      done: false,
      failure: null,
      askedFor: 0,
    };
    this.#jobs.push(job);
    this.#wake.set();
    return job;
  }

  /** Abandons a round. */
  #drop(job: Job): void {
    this.#jobs = this.#jobs.filter((other) => other !== job);
    if (this.#shown === job) this.#shown = null;
    job.controller.abort();
    for (const waiter of job.waiters) waiter.reject(abortReason(job.controller.signal));
    job.waiters.clear();
    this.#leaving.push(job);
    this.#wake.set();
  }

  async #free(): Promise<void> {
    for (const { work } of this.#leaving.splice(0)) {
      // Its outcome no longer matters.
      await work.return().catch(() => undefined);
    }
  }

  async #wait(job: Job, request: RoundRequest): Promise<void> {
    const { promise, ...settle } = withResolvers();
    const { previews, onEvent } = request;
    const waiter: Waiter = { previews, onEvent, ...settle };
    job.waiters.add(waiter);
    try {
      await abortable(promise, request.signal);
    } finally {
      job.waiters.delete(waiter);
      if (!job.done && job.waiters.size === 0 && this.#jobs.includes(job)) this.#drop(job);
    }
  }

  /** The round that gets the next step. */
  #choose(): Job | null {
    const wanted = this.#jobs.find(({ waiters, done }) => waiters.size > 0 && !done);
    if (wanted || !this.#activity.speculative || !this.#shown?.done) return wanted ?? null;
    for (const [input, worth] of this.#likely(this.#shown)) {
      const job = this.#find(input);
      if (job?.done || job?.failure) continue;
      if (job) return job;
      const leaving = evictToFit(this.#kept(), { bytes: bytesOf(input), worth }, this.#options.limit);
      if (!leaving) return null;
      for (const old of leaving) this.#drop(old.job);
      return this.#begin(input, true);
    }
    return null;
  }

  /** Possible next rounds with their worth: 1 for the most likely, less for the others, above 0. */
  #likely({ input, candidates }: Job): [RoundInput, number][] {
    return byLikelihood(candidates, this.#activity.lookedAt).map((candidate, rank) => [
      roundAfter(input, candidate),
      1 / (1 + rank),
    ]);
  }

  /** Rounds that may be evicted, with their worth: earlier requests are worth least, oldest first; then unlikely rounds. */
  #kept(): { job: Job; bytes: number; worth: number }[] {
    const likely = this.#shown ? this.#likely(this.#shown) : [];
    const worthOf = (job: Job): number => {
      if (!job.speculative) return job.askedFor - this.#asked;
      return likely.find(([input]) => isSameRound(input, job.input))?.[1] ?? -Infinity;
    };
    return this.#jobs
      .filter((job) => job !== this.#shown && job.waiters.size === 0)
      .map((job) => ({ job, bytes: job.bytes, worth: worthOf(job) }));
  }

  async #advance(job: Job): Promise<void> {
    const { now } = this.#options;
    const step: Step = { job, began: now(), delaying: null };
    const isStepAhead = job.speculative && isDenoising(job.progress);
    this.#step = step;
    let event: IteratorResult<RoundUpdate, void> | null = null;
    try {
      event = await job.work.next();
    } catch (error) {
      job.failure = { error };
    }
    this.#step = null;
    job.seconds += now() - step.began;
    if (step.delaying !== null) this.#saved -= now() - step.delaying;
    // Counted even if the round was abandoned meanwhile: the step was computed.
    if (isStepAhead) {
      this.#stepsAhead++;
      this.#report();
    }
    if (job.controller.signal.aborted) return;
    if (!event) this.#fail(job);
    else if (event.done) this.#finish(job);
    else this.#record(job, event.value);
  }

  #record(job: Job, event: RoundUpdate): void {
    if (event.kind === 'progress') job.progress = event;
    if (event.kind === 'candidate') job.candidates.push(event.candidate);
    for (const { onEvent } of job.waiters) onEvent(event, job.seconds);
  }

  #finish(job: Job): void {
    job.done = true;
    for (const { resolve } of job.waiters) resolve();
    job.waiters.clear();
    this.#report();
  }

  /** A speculative round keeps its failure until it is requested. */
  #fail(job: Job): void {
    if (job.waiters.size === 0) return;
    for (const { reject } of job.waiters) reject(job.failure?.error);
    job.waiters.clear();
    this.#drop(job);
  }

  #report(): void {
    const { input, candidates } = this.#shown ?? { input: null, candidates: [] };
    const ready: number[] = [];
    for (const candidate of candidates) {
      const next = input && this.#find(roundAfter(input, candidate));
      if (!next?.done) continue;
      const { index } = candidate;
      ready.push(index);
      if (this.#announced.has(index)) continue;
      this.#announced.add(index);
      this.#options.onAhead?.({
        after: this.#shownName,
        candidate: index,
        candidates: next.candidates,
        seconds: next.seconds,
      });
    }
    this.#options.onState?.({ ready, savedSeconds: this.savedSeconds, stepsAhead: this.#stepsAhead });
  }
}

/** True if the round's next event is a denoising step. */
function isDenoising(progress: RoundUpdate | null): boolean {
  return progress?.kind === 'progress' && progress.stage === 'denoise' && progress.step < progress.of;
}

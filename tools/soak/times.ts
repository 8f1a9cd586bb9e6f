/** Timings derived from recorded messages, in seconds. */
import type { CallEvent } from './call-log.ts';

/** One attempt at a download: from the start or the resumption to the end or a kill. */
export interface AttemptTimes {
  /** Finding out which files there are. */
  readonly look: number;
  /** Verifying chunks that are already stored. */
  readonly verify: number;
  readonly download: number;
  /** Begin and end of the transfer, in milliseconds since 1970. */
  readonly began: number;
  readonly ended: number;
  /** Progress at the begin, and the last progress that the page reported: 0 to 1. */
  readonly from: number;
  readonly to: number;
  /** Total bytes of the download. */
  readonly of: number;
}

/**
 * Timings of an attempt.
 *
 * @param ended - end of the attempt, in milliseconds since 1970
 */
export function attemptTimes(events: readonly CallEvent[], ended: number): AttemptTimes {
  const called = events.find((each) => each.kind === 'called' && each.method === 'get')?.at ?? ended;
  const progress = events.flatMap((each) =>
    each.kind === 'get' && each.event.kind === 'progress' ? [{ at: each.at, ...each.event }] : [],
  );
  const downloads = progress.filter(({ stage }) => stage === 'download');
  const [first, last] = [downloads[0], downloads.at(-1)];
  const began = first?.at ?? ended;
  const verifying = progress.find(({ stage }) => stage === 'verify')?.at ?? began;
  return {
    look: (verifying - called) / 1000,
    verify: (began - verifying) / 1000,
    download: (ended - began) / 1000,
    began,
    ended,
    from: first ? first.done / first.of : 0,
    to: last ? last.done / last.of : 0,
    of: last?.of ?? 0,
  };
}

/** Duration of loading a model, from the call to its result. */
export interface LoadTimes {
  readonly all: number;
  /** Verifying checksums of its files. */
  readonly verify: number;
  /** Each network by name: reading, compiling and uploading it to the GPU. */
  readonly networks: Readonly<Record<string, number>>;
}

export function loadTimes(events: readonly CallEvent[]): LoadTimes {
  const called = events.findLast((each) => each.kind === 'called' && each.method === 'load')?.at ?? NaN;
  const answered = events.findLast((each) => each.kind === 'result' && each.method === 'load')?.at ?? NaN;
  const progress = events.flatMap((each) =>
    each.kind === 'load' && each.at >= called ? [{ at: each.at, ...each.event }] : [],
  );
  const verified = progress.filter(({ stage }) => stage === 'verify');
  // Events without `read` mark the start of a network; the others report its reading.
  const sessions = progress.filter(({ stage, read }) => stage === 'session' && !read);
  const networks = sessions
    .slice(0, -1)
    .map(({ part, at }, index): [string, number] => [
      part,
      ((sessions[index + 1]?.at ?? answered) - at) / 1000,
    ]);
  return {
    all: (answered - called) / 1000,
    verify: ((verified.at(-1)?.at ?? 0) - (verified[0]?.at ?? 0)) / 1000,
    networks: Object.fromEntries(networks),
  };
}

/** Duration of generating one frame, and of its stages. */
export interface FrameTimes {
  readonly all: number;
  /** Encoding the prompts, including loading and freeing the text tower. */
  readonly prompts: number;
  /** Encoding the picture, and CLIP guidance. */
  readonly encode: number;
  /** Each denoising step; the first includes loading the networks for this size and compiling shaders. */
  readonly steps: readonly number[];
  /** Decoding, and encoding the frame for its insight. */
  readonly decode: number;
}

/** If a frame was repeated because a network overflowed float16, the last attempt counts. */
export function frameTimes(events: readonly CallEvent[]): FrameTimes {
  const called = events.findLast((each) => each.kind === 'called' && each.method === 'generate')?.at ?? NaN;
  const answered = events.findLast((each) => each.kind === 'result' && each.method === 'generate')?.at ?? NaN;
  const stages = events.flatMap((each) =>
    each.kind === 'generate' && each.at >= called && each.event.progress
      ? [{ at: each.at, ...each.event.progress }]
      : [],
  );
  const encoding = stages.find(({ stage }) => stage === 'encode')?.at ?? NaN;
  const begun = stages.findLast(({ stage, step }) => stage === 'denoise' && step === 0);
  const steps = stages.filter(({ stage, at }) => stage === 'denoise' && at >= (begun?.at ?? NaN));
  return {
    all: (answered - called) / 1000,
    prompts: (encoding - called) / 1000,
    encode: ((begun?.at ?? NaN) - encoding) / 1000,
    steps: steps.slice(1).map(({ at }, index) => (at - (steps[index]?.at ?? NaN)) / 1000),
    decode: (answered - (steps.at(-1)?.at ?? NaN)) / 1000,
  };
}

/** Where the time went, from what was heard. All times in seconds. */
import type { Heard } from './listening.ts';

/** One stretch of a download: from the click, or from going on, to the end or to a kill. */
export interface StretchTimes {
  /** Finding out what there is to fetch. */
  readonly look: number;
  /** Reading back and comparing what was there already. */
  readonly verify: number;
  readonly download: number;
  /** When bytes began to come, and when that ended: milliseconds since 1970. */
  readonly began: number;
  readonly ended: number;
  /** The share that was there when it began, and the last that the page told of: 0 to 1. */
  readonly from: number;
  readonly to: number;
  /** All bytes of the download. */
  readonly of: number;
}

/** @param ended - when it was over, in milliseconds since 1970 */
export function stretchTimes(heard: readonly Heard[], ended: number): StretchTimes {
  const called = heard.find((each) => each.kind === 'called' && each.method === 'get')?.at ?? ended;
  const progress = heard.flatMap((each) =>
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

/** How long loading a model took, from the call to the answer. */
export interface LoadTimes {
  readonly all: number;
  /** Comparing its files with their checksums. */
  readonly verify: number;
  /** Each network, by its name: reading, compiling and handing it to the GPU. */
  readonly networks: Readonly<Record<string, number>>;
}

export function loadTimes(heard: readonly Heard[]): LoadTimes {
  const called = heard.findLast((each) => each.kind === 'called' && each.method === 'load')?.at ?? NaN;
  const answered = heard.findLast((each) => each.kind === 'result' && each.method === 'load')?.at ?? NaN;
  const events = heard.flatMap((each) =>
    each.kind === 'load' && each.at >= called ? [{ at: each.at, ...each.event }] : [],
  );
  const verified = events.filter(({ stage }) => stage === 'verify');
  const sessions = events.filter(({ stage }) => stage === 'session');
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

/** How long the making of one frame took, and its parts. */
export interface FrameTimes {
  readonly all: number;
  /** Encoding the prompts: loads the text tower and frees it. */
  readonly prompts: number;
  /** Encoding the picture, and comparing it with the prompts. */
  readonly encode: number;
  /** Each step; the first loads the networks for this size and compiles their shaders. */
  readonly steps: readonly number[];
  /** Decoding, and encoding the frame to measure it. */
  readonly decode: number;
}

/** Of a frame that was made more than once, because a network left the range of float16, the last time counts. */
export function frameTimes(heard: readonly Heard[]): FrameTimes {
  const called = heard.findLast((each) => each.kind === 'called' && each.method === 'generate')?.at ?? NaN;
  const answered = heard.findLast((each) => each.kind === 'result' && each.method === 'generate')?.at ?? NaN;
  const stages = heard.flatMap((each) =>
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

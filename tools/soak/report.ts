import { phases } from './peaks.ts';
import type { Peak, Peaks, Phase } from './peaks.ts';
import type { PictureFigures } from './journey.ts';
import type { FrameTimes, LoadTimes, AttemptTimes } from './times.ts';
import { together } from './traffic.ts';
import type { Rate } from './traffic.ts';
import type { WorkerHeap } from './worker-heaps.ts';

/** Results of a run. */
export interface Measured {
  readonly machine: {
    readonly cores: number;
    readonly processor: string;
    readonly memoryBytes: number;
    readonly browser: string;
    /** The device as shown in the page's footer. */
    readonly runsOn: string;
    readonly quotaBytes: number;
  };
  readonly size: string;
  /** Bandwidth limit of the hub in bytes per second; null if unlimited. */
  readonly line: number | null;
  readonly attempts: readonly {
    readonly resumed: string | null;
    readonly times: AttemptTimes;
    /** Bytes sent by the hub in this attempt. */
    readonly sentBytes: number;
    readonly rates: { readonly float32: Rate; readonly all: Rate };
  }[];
  /** Processor time during the download, in seconds. */
  readonly cpu: { readonly tool: number; readonly browser: number };
  readonly load: LoadTimes;
  readonly frame: FrameTimes & { readonly picture: PictureFigures; readonly notices: readonly string[] };
  readonly reload: { readonly ready: number; readonly load: LoadTimes; readonly hubRequests: number };
  readonly peaks: Peaks;
}

/** Maximum JavaScript heap of a worker, in bytes: no worker may hold a whole checkpoint. */
const mostHeld = 256e6;
/** A frame with fewer colours or a smaller deviation counts as blank. */
const [fewestColours, leastDeviation] = [16, 1];

/** Checks of the results, by description. */
export function checks({ attempts, frame, reload, peaks }: Measured, side: number): Record<string, boolean> {
  const { width, height, colours, standardDeviation } = frame.picture;
  const held = phases.flatMap((phase) => Object.values(peaks.of(phase).workers).map(sum));
  return {
    'killed twice, and resumed': attempts.length === 3,
    'no worker held more than 256 MB in JavaScript': Math.max(0, ...held) <= mostHeld,
    [`the frame has ${side}×${side} pixels`]: width === side && height === side,
    'the frame is not blank': colours >= fewestColours && standardDeviation >= leastDeviation,
    'nothing was asked of the hub on the next visit': reload.hubRequests === 0,
  };
}

/** Results with units in their names, for JSON. */
export function figures(measured: Measured) {
  const { machine, size, line, load, frame, reload, peaks } = measured;
  return {
    machine: {
      cores: machine.cores,
      processor: machine.processor,
      memoryMegabytes: megabytes(machine.memoryBytes),
      browser: machine.browser,
      runsOn: machine.runsOn,
      storageQuotaMegabytes: megabytes(machine.quotaBytes),
    },
    modelSize: size,
    hub: {
      runsIn: 'the process of this tool, which also serves the page and takes the measurements',
      limitMegabytesPerSecond: line === null ? null : line / 1e6,
    },
    download: downloadFigures(measured),
    load: loadFigures(load),
    frame: frameFigures(frame),
    reload: {
      readySeconds: round(reload.ready),
      load: loadFigures(reload.load),
      hubRequests: reload.hubRequests,
    },
    peakMemory: {
      measuredAs: 'PSS, every half second; workers by Runtime.getHeapUsage',
      ...Object.fromEntries(phases.map((phase) => [phase, peakFigures(peaks.of(phase))])),
    },
  };
}

export function downloadFigures({ attempts, cpu }: Pick<Measured, 'attempts' | 'cpu'>) {
  const { sent, of } = sentBytes(attempts);
  const all = together(attempts.map(({ rates }) => rates.all));
  const float32 = together(attempts.map(({ rates }) => rates.float32));
  const seconds = (part: 'look' | 'verify' | 'download') =>
    round(attempts.reduce((sum, { times }) => sum + times[part], 0));
  return {
    modelMegabytes: megabytes(of),
    sentMegabytes: megabytes(sent),
    sentMoreThanOnceMegabytes: megabytes(sent - of),
    megabytesPerSecond: perSecond(all),
    float32Megabytes: megabytes(float32.bytes),
    float32MegabytesPerSecond: perSecond(float32),
    lookSeconds: seconds('look'),
    verifySeconds: seconds('verify'),
    downloadSeconds: seconds('download'),
    toolCpuSeconds: round(cpu.tool),
    browserCpuSeconds: round(cpu.browser),
    attempts: attempts.map(({ resumed, times, sentBytes, rates }) => ({
      resumedFrom: resumed,
      fromPercent: round(100 * times.from),
      toPercent: round(100 * times.to),
      lookSeconds: round(times.look),
      verifySeconds: round(times.verify),
      downloadSeconds: round(times.download),
      sentMegabytes: megabytes(sentBytes),
      megabytesPerSecond: perSecond(rates.all),
      float32MegabytesPerSecond: perSecond(rates.float32),
    })),
  };
}

export function frameFigures(frame: Measured['frame']) {
  const { width, height, colours, mean, standardDeviation } = frame.picture;
  return {
    seconds: round(frame.all),
    promptsSeconds: round(frame.prompts),
    encodeSeconds: round(frame.encode),
    stepSeconds: frame.steps.map(round),
    decodeSeconds: round(frame.decode),
    notices: frame.notices,
    picture: {
      widthPixels: width,
      heightPixels: height,
      colours,
      mean: round(mean),
      standardDeviation: round(standardDeviation),
    },
  };
}

export function loadFigures({ all, verify, networks }: LoadTimes) {
  return {
    seconds: round(all),
    verifySeconds: round(verify),
    networkSeconds: Object.fromEntries(
      Object.entries(networks).map(([name, seconds]) => [name, round(seconds)]),
    ),
  };
}

export function peakFigures({ browser, renderer, gpuProcess, workers }: Peak) {
  return {
    browserMegabytes: megabytes(browser),
    rendererMegabytes: megabytes(renderer),
    gpuProcessMegabytes: megabytes(gpuProcess),
    workers: Object.fromEntries(
      Object.entries(workers).map(([name, { objects, buffers }]) => [
        name,
        { objectsMegabytes: megabytes(objects), buffersMegabytes: megabytes(buffers) },
      ]),
    ),
  };
}

/** Header of the README's table. */
export const tableHead = [
  'machine',
  'download, float32',
  'lost to 2 kills',
  'load',
  'text encoder',
  'first frame',
  'a step',
  'load after reload',
  'memory: download, load, frame',
  'in JavaScript: download, load',
];

/** Row of the README's table. */
export function tableRow({ machine, attempts, load, frame, reload, peaks }: Measured): string {
  const float32 = together(attempts.map(({ rates }) => rates.float32));
  const { sent, of } = sentBytes(attempts);
  const lost = attempts.slice(1).reduce((sum, { times }) => sum + times.look + times.verify, 0);
  const held = (phase: Phase, worker: string) =>
    Math.round(sum(peaks.of(phase).workers[worker] ?? { objects: 0, buffers: 0 }) / 1e6);
  const gigabytes = (bytes: number) => (bytes / 1e9).toFixed(1);
  const memory = (['download', 'load', 'frame'] as const).map((phase) => gigabytes(peaks.of(phase).browser));
  const cells = [
    `${machine.cores} cores, software GPU with float16`,
    `${Math.round(float32.bytes / 1e6 / float32.seconds)} MB/s`,
    `${Math.round((sent - of) / 1e6)} MB, ${Math.round(lost)} s`,
    `${Math.round(load.all)} s`,
    `${Math.round(frame.prompts)} s`,
    `${Math.round(frame.all)} s`,
    `${(frame.steps.at(-1) ?? NaN).toFixed(1)} s`,
    `${Math.round(reload.ready)} s`,
    `${memory.join(', ')} GB`,
    `${held('download', 'models')}, ${held('load', 'diffusion')} MB`,
  ];
  return `| ${cells.join(' | ')} |`;
}

/** Bytes sent by the hub, and bytes of the model; the difference was sent repeatedly, or is headers. */
function sentBytes(attempts: Measured['attempts']): { readonly sent: number; readonly of: number } {
  return {
    sent: attempts.reduce((bytes, attempt) => bytes + attempt.sentBytes, 0),
    of: attempts.at(-1)?.times.of ?? 0,
  };
}

function sum({ objects, buffers }: WorkerHeap): number {
  return objects + buffers;
}

function megabytes(bytes: number): number {
  return round(bytes / 1e6);
}

function perSecond({ bytes, seconds }: Rate): number | null {
  return seconds > 0 ? round(bytes / 1e6 / seconds) : null;
}

/** Rounds to three significant digits, or to an integer from 100 on. */
function round(value: number): number {
  return Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3));
}

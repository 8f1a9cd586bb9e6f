import { phases } from './peaks.ts';
import type { Peak, Peaks } from './peaks.ts';
import type { PictureFigures } from './journey.ts';
import type { FrameTimes, LoadTimes, StretchTimes } from './times.ts';
import { together } from './traffic.ts';
import type { Rate } from './traffic.ts';

/** All that a run has measured. */
export interface Measured {
  readonly machine: {
    readonly cores: number;
    readonly processor: string;
    readonly memoryBytes: number;
    readonly browser: string;
    /** In the page's words. */
    readonly runsOn: string;
    readonly quotaBytes: number;
  };
  readonly size: string;
  /** The most bytes a second that the hub sends; null where nothing holds it back. */
  readonly line: number | null;
  readonly stretches: readonly {
    readonly resumed: string | null;
    readonly times: StretchTimes;
    /** Sent by the hub, in this stretch. */
    readonly sentBytes: number;
    readonly rates: { readonly float32: Rate; readonly all: Rate };
  }[];
  /** Seconds on any core while downloading. */
  readonly cpu: { readonly tool: number; readonly browser: number };
  readonly load: LoadTimes;
  readonly frame: FrameTimes & { readonly picture: PictureFigures; readonly notices: readonly string[] };
  readonly reload: { readonly ready: number; readonly load: LoadTimes; readonly hubRequests: number };
  readonly peaks: Peaks;
}

/** The most of a checkpoint that may be held in JavaScript at once, in bytes. */
const mostHeld = 256e6;
/** A frame of less variety than this is blank. */
const [fewestColours, leastDeviation] = [16, 1];

/** What must hold, in words, and whether it does. */
export function checks({ stretches, frame, reload, peaks }: Measured, side: number): Record<string, boolean> {
  const { width, height, colours, standardDeviation } = frame.picture;
  const held = Object.values(peaks.of('download').workers).map(({ objects, buffers }) => objects + buffers);
  return {
    'killed twice, and resumed': stretches.length === 3,
    'no worker held more than 256 MB in JavaScript while downloading': Math.max(0, ...held) <= mostHeld,
    [`the frame has ${side}×${side} pixels`]: width === side && height === side,
    'the frame is not blank': colours >= fewestColours && standardDeviation >= leastDeviation,
    'nothing was asked of the hub on the next visit': reload.hubRequests === 0,
  };
}

/** The figures with their units in their names, for JSON. */
export function figures(measured: Measured) {
  const { machine, size, line, stretches, cpu, load, frame, reload, peaks } = measured;
  const sent = stretches.reduce((sum, { sentBytes }) => sum + sentBytes, 0);
  const of = stretches.at(-1)?.times.of ?? 0;
  const all = together(stretches.map(({ rates }) => rates.all));
  const float32 = together(stretches.map(({ rates }) => rates.float32));
  const seconds = (part: 'look' | 'verify' | 'download') =>
    round(stretches.reduce((sum, { times }) => sum + times[part], 0));
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
    download: {
      modelMegabytes: megabytes(of),
      sentMegabytes: megabytes(sent),
      sentTwiceMegabytes: megabytes(Math.max(0, sent - of)),
      megabytesPerSecond: perSecond(all),
      float32Megabytes: megabytes(float32.bytes),
      float32MegabytesPerSecond: perSecond(float32),
      lookSeconds: seconds('look'),
      verifySeconds: seconds('verify'),
      downloadSeconds: seconds('download'),
      toolCpuSeconds: round(cpu.tool),
      browserCpuSeconds: round(cpu.browser),
      stretches: stretches.map(({ resumed, times, sentBytes, rates }) => ({
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
    },
    load: loadFigures(load),
    frame: {
      seconds: round(frame.all),
      promptsSeconds: round(frame.prompts),
      encodeSeconds: round(frame.encode),
      stepSeconds: frame.steps.map(round),
      decodeSeconds: round(frame.decode),
      notices: frame.notices,
      picture: {
        widthPixels: frame.picture.width,
        heightPixels: frame.picture.height,
        colours: frame.picture.colours,
        mean: round(frame.picture.mean),
        standardDeviation: round(frame.picture.standardDeviation),
      },
    },
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

function loadFigures({ all, verify, networks }: LoadTimes) {
  return {
    seconds: round(all),
    verifySeconds: round(verify),
    networkSeconds: Object.fromEntries(
      Object.entries(networks).map(([name, seconds]) => [name, round(seconds)]),
    ),
  };
}

function peakFigures({ browser, renderer, gpuProcess, workers }: Peak) {
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

/** The heading of the README's table. */
export const tableHead = [
  'machine',
  'download and conversion of float32',
  'lost to two kills',
  'load',
  'a step, 256×256',
  'the first frame, 2 steps',
  'load after a reload',
  'most memory: download / load / frame',
  'most in the JavaScript of the worker that downloads',
];

/** The row of the README's table. */
export function tableRow({ machine, stretches, load, frame, reload, peaks }: Measured): string {
  const float32 = together(stretches.map(({ rates }) => rates.float32));
  const sent = stretches.reduce((sum, { sentBytes }) => sum + sentBytes, 0);
  const of = stretches.at(-1)?.times.of ?? 0;
  const lost = stretches.slice(1).reduce((sum, { times }) => sum + times.look + times.verify, 0);
  const { objects, buffers } = peaks.of('download').workers['models'] ?? { objects: 0, buffers: 0 };
  const gigabytes = (bytes: number) => (bytes / 1e9).toFixed(1);
  const cells = [
    `${machine.cores} cores, ${machine.runsOn}`,
    `${Math.round(float32.bytes / 1e6 / float32.seconds)} MB/s`,
    `${Math.round(Math.max(0, sent - of) / 1e6)} MB and ${Math.round(lost)} s`,
    `${Math.round(load.all)} s`,
    `${(frame.steps.at(-1) ?? NaN).toFixed(1)} s`,
    `${Math.round(frame.all)} s`,
    `${Math.round(reload.ready)} s`,
    `${(['download', 'load', 'frame'] as const).map((phase) => gigabytes(peaks.of(phase).browser)).join(' / ')} GB`,
    `${Math.round((objects + buffers) / 1e6)} MB`,
  ];
  return `| ${cells.join(' | ')} |`;
}

function megabytes(bytes: number): number {
  return round(bytes / 1e6);
}

function perSecond({ bytes, seconds }: Rate): number | null {
  return seconds > 0 ? round(bytes / 1e6 / seconds) : null;
}

/** To three digits or to the whole. */
function round(value: number): number {
  return Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3));
}

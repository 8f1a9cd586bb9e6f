import { afterEach } from 'vitest';
import { InputError } from '../../../src/base/index.ts';
import type { Picture } from '../../../src/base/index.ts';
import {
  connect,
  diffusionApi,
  projectHandlers,
  mediaApi,
  modelsApi,
  projectsApi,
  serve,
} from '../../../src/protocol/index.ts';
import type {
  EngineNotice,
  Api,
  Connection,
  FrameInsight,
  Handlers,
  LoadedModel,
  ModelLocation,
  Params,
  PickActivity,
  PickEvent,
} from '../../../src/protocol/index.ts';
import { encodePng } from '../../../src/formats/index.ts';
import { frameSizeFor, framesToMake, readerOf, downscaled, variantOf } from '../../../src/project/index.ts';
import { createStores } from '../../../src/store/index.ts';
import type { ExportKind, Stores } from '../../../src/store/index.ts';
import { Device } from '../../support/project-storage.ts';
import { Tab } from '../../support/tab.ts';
import { createStorageChannel } from '../../support/storage/channel.ts';
import { MemoryModels } from '../../support/install/model-storage.ts';
import { tinyWeb } from '../../support/install/tiny-source.ts';
import { modelHandlers } from '../../../workers/model-handlers.ts';

/** A connection to handlers behind a real message port, with a way to kill them. */
function openFake<A extends Api>(
  api: A,
  handlers: Handlers<A>,
): { connection: Connection<A>; die: (message: string) => void } {
  const { page, worker, start, close } = createStorageChannel();
  const errorListeners: ((event: ErrorEvent) => void)[] = [];
  serve(worker, api, handlers);
  start();
  onCleanUp(close);
  const connection = connect(
    {
      postMessage: page.postMessage,
      addEventListener(
        ...listening:
          | [type: 'message' | 'messageerror', listener: (event: MessageEvent<unknown>) => void]
          | [type: 'error', listener: (event: ErrorEvent) => void]
      ) {
        if (listening[0] !== 'error') page.addEventListener(listening[0], listening[1]);
        else errorListeners.push(listening[1]);
      },
      terminate: close,
    },
    api,
  );
  return {
    connection,
    die(message) {
      close();
      const event = Object.assign(new Event('error'), {
        message,
        filename: '',
        lineno: 0,
        colno: 0,
        error: undefined,
      });
      for (const listener of errorListeners) listener(event);
    },
  };
}

type SmoothCall = Params<(typeof diffusionApi)['smooth']>;

type LoadCall = Params<(typeof diffusionApi)['load']>;

type FailingMethod =
  'load' | 'generate' | 'smooth' | 'pickRound' | 'decode' | 'png' | 'thumbnail' | 'export' | ExportKind;

const cleanUps: (() => void)[] = [];
function onCleanUp(cleanUp: () => void) {
  cleanUps.push(cleanUp);
}
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

/** A picture of one colour. */
export function plain(width: number, height: number, value: number): Picture {
  return { width, height, data: new Uint8ClampedArray(4 * width * height).fill(value) };
}

const plainPngs = new Map<string, Uint8Array<ArrayBuffer>>();

/** PNG of a picture. Those of `plain` pictures are encoded once, because tests of faults need the same few thousands of times over. */
function pngOf(picture: Picture): Uint8Array<ArrayBuffer> {
  const [value] = picture.data;
  if (picture.data.some((other) => other !== value)) return encodePng(picture);
  const key = `${picture.width}×${picture.height}:${value}`;
  const png = plainPngs.get(key) ?? encodePng(picture);
  plainPngs.set(key, png);
  return png;
}

/** Value of a `plain` picture. */
export function valueOf(picture: Picture | undefined): number | undefined {
  return picture?.data[0];
}

/** Values of all frames of the animation, read from memory or storage. */
export async function valuesOf({ stores }: Rig): Promise<(number | undefined)[]> {
  const { animation } = stores;
  const positions = animation.getState().frames.map(({ number }) => number);
  return Promise.all(positions.map(async (position) => valueOf(await animation.pictureAt(position))));
}

export const builtIn: LoadedModel = {
  name: 'Shapes',
  description: 'A small model.',
  licence: 'CC0-1.0',
  size: 64,
  latentScale: 8,
  prompts: 'text',
  fixedPrompts: { positive: [], negative: [] },
  defaults: { frames: 3, width: 64, height: 64 },
  largestSide: null,
  device: {
    kind: 'cpu',
    precision: 'float32',
    name: '',
    reason: 'This browser has no WebGPU.',
    software: false,
    limits: null,
  },
};

export const insight: FrameInsight = {
  guidance: 0.9,
  positivesBefore: 0.1,
  positivesAfter: 0.2,
  negativesBefore: 0.3,
  negativesAfter: 0.2,
  texture: null,
  predecessor: 0.8,
  start: 0.7,
  earlier: [],
};

/** A gate at which a fake worker waits until the test opens it. */
export class Gate {
  #waiting: (() => void)[] = [];
  #open = true;

  shut(): void {
    this.#open = false;
  }

  /** Opens it for those waiting and all later ones. */
  open(): void {
    this.#open = true;
    for (const pass of this.#waiting.splice(0)) pass();
  }

  /** Resolves when the gate is open; throws the signal's reason if aborted first. */
  async pass(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#open) return;
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push(resolve);
      signal.addEventListener('abort', () => {
        reject(new DOMException('Stopped.', 'AbortError'));
      });
    });
  }
}

/** The page's stores with fake workers, and controls for tests. */
export class Rig {
  readonly stores: Stores;
  model: LoadedModel = builtIn;
  /** Thrown by the next call of the method, once. */
  readonly failures = new Map<FailingMethod, Error>();
  readonly loading = new Gate();
  readonly decoding = new Gate();
  readonly encoding = new Gate();
  /** Reading pictures of projects for the stage. */
  readonly reading = new Gate();
  /** Gate before each frame of a run except the first. */
  readonly nextFrame = new Gate();
  /** Gate before each candidate of a round except the first. */
  readonly nextCandidate = new Gate();
  readonly rounds: { start: number | undefined; frame: number; roll: number; batch: number }[] = [];
  /** Id of the last requested round. */
  roundName = 0;
  readonly activities: PickActivity[] = [];
  /** Answer of the diffusion worker to `usedFiles`. */
  readonly usedFiles: string[] = [];
  /** Number of open picking sessions. */
  picking = 0;
  /** Sends the page an event of speculation. */
  speculate: (event: PickEvent) => void = () => undefined;
  readonly generateCalls: { firstFrame: number; seed: number; start: Picture; origin?: Picture }[] = [];
  readonly smoothCalls: SmoothCall[] = [];
  /** Precisions that each load call contained. */
  readonly precisions: LoadCall['precisions'][] = [];
  /** Low memory mode of each load call. */
  readonly lowMemories: LoadCall['lowMemory'][] = [];
  /** Notice sent while a model is loaded, and at the start of a run or a round. */
  notice: EngineNotice | null = null;
  readonly encoded: { kind: string; values: (number | undefined)[]; frameRate?: number; loop?: boolean }[] =
    [];
  readonly exported: {
    options: unknown;
    note: string | null;
    document: string | null;
    first: number | null;
    values: (number | undefined)[];
  }[] = [];
  /** Exports files for the Export dialog; the default is a fake. */
  exporting: Handlers<typeof mediaApi>['export'] | null = null;
  readonly decodeSizes: string[] = [];
  /** Number of thumbnails that the media worker was asked for. */
  thumbnailsMade = 0;
  readonly saved: { name: string; file: Blob }[] = [];
  /** Contents of every ZIP; null makes reading one fail. */
  archive: { name: string; file: Blob }[] | null = [];
  /** Texts in the metadata of every file. */
  texts: readonly string[] = [];
  /** Number of imports, and those whose files the page has released. */
  imports = 0;
  readonly released: number[] = [];
  readonly liveUrls = new Set<string>();
  /** Whether a load fails after the diffusion worker has begun to load networks. */
  failsLate = false;
  /** Insight of the frames of automatic mode. */
  insight = insight;
  address = 'https://drift.example/?backend=cpu';
  /** Last copied text; null if copying is not allowed. */
  clipboard: string | null = '';
  copiedPicture: Blob | null = null;
  /** Whether the diffusion worker ignores abort signals, as in the middle of a step. */
  ignoresAbort = false;
  /** Number of frames sent by the diffusion worker. */
  sent = 0;
  diffusionWorkers = 0;
  mediaWorkers = 0;
  projectWorkers = 0;
  /** Number of requests for persistent storage. */
  persisted = 0;
  /** Whether the browser grants persistent storage. */
  promises = true;
  urlsMade = 0;
  killDiffusion: (message: string) => void = () => undefined;
  killMedia: (message: string) => void = () => undefined;
  killProjects: (message: string) => void = () => undefined;
  #paints: (() => void)[] = [];
  #clock = 0;

  /** Models that the diffusion worker was asked to load, in order. */
  readonly loads: ModelLocation[] = [];
  /** Installed models, and the fake web that they come from. */
  readonly models: MemoryModels;
  readonly web = tinyWeb().web;
  modelWorkers = 0;
  killModels: (message: string) => void = () => undefined;
  #timers: { readonly milliseconds: number; readonly callback: () => void }[] = [];
  readonly #online = new Set<() => void>();

  /** Browser tab of the page. */
  readonly tab = new Tab();

  /** Project storage: the real keeper on in-memory storage. Several rigs on one device act as several tabs. */
  readonly device: Device;

  constructor(
    storage = new Map<string, string>(),
    device = new Device(),
    models = new MemoryModels(),
    rendered = Promise.resolve(),
  ) {
    this.device = device;
    this.models = models;
    this.stores = createStores({
      openDiffusion: () => this.#openDiffusion(),
      openMedia: () => this.#openMedia(),
      openProjects: () => {
        this.projectWorkers++;
        const { connection, die } = openFake(projectsApi, projectHandlers(device.tab()));
        this.killProjects = die;
        return connection;
      },
      openModels: () => {
        this.modelWorkers++;
        const { fetch } = this.web;
        // Requests are not retried here: the page's own reaction to failures is tested.
        const wait = () => Promise.resolve();
        const storage = this.models.worker();
        const handlers = modelHandlers(storage, { fetch, wait, chunkLength: 4096, connections: 2 });
        const { connection, die } = openFake(modelsApi, handlers);
        this.killModels = (message) => {
          storage.die();
          die(message);
        };
        return connection;
      },
      later: (milliseconds, callback) => {
        const timer = { milliseconds, callback };
        this.#timers.push(timer);
        return () => {
          this.#timers = this.#timers.filter((other) => other !== timer);
        };
      },
      onOnline: (callback) => {
        this.#online.add(callback);
        return () => {
          this.#online.delete(callback);
        };
      },
      storage: {
        getItem: (key) => storage.get(key) ?? null,
        setItem: (key, value) => {
          storage.set(key, value);
        },
      },
      pictureUrls: {
        create: () => {
          const url = `blob:${++this.urlsMade}`;
          this.liveUrls.add(url);
          return url;
        },
        revoke: (url) => {
          this.liveUrls.delete(url);
        },
      },
      rendered,
      nextPaint: (callback) => {
        this.#paints.push(callback);
        return () => {
          this.#paints = this.#paints.filter((other) => other !== callback);
        };
      },
      now: () => (this.#clock += 1000),
      today: () => new Date(2025, 0, 31),
      visibility: this.tab,
      lockScreen: () => this.tab.lockScreen(),
      notifications: this.tab.notifications,
      randomSeed: () => 123_456,
      newId: () => device.newId(),
      persist: () => {
        this.persisted++;
        return Promise.resolve(this.promises);
      },
      address: {
        read: () => this.address,
        replace: (address) => {
          this.address = address;
        },
      },
      copyText: (text) => {
        if (this.clipboard === null) return Promise.reject(new DOMException('No.', 'NotAllowedError'));
        this.clipboard = text;
        return Promise.resolve();
      },
      copyPicture: async (png) => {
        const file = await png;
        if (this.clipboard === null) throw new DOMException('No.', 'NotAllowedError');
        if (file.type !== 'image/png') throw new DOMException('Type mismatch.', 'NotAllowedError');
        this.copiedPicture = file;
      },
      saveFile: (file, name) => {
        this.saved.push({ file, name });
      },
    });
  }

  /** Runs one animation frame: calls pending callbacks. Returns their number. */
  paint(): number {
    const paints = this.#paints.splice(0);
    for (const paint of paints) paint();
    return paints.length;
  }

  /** Advances the clock until all pending timers are due. Returns the time advanced, in milliseconds. */
  passTime(): number[] {
    const timers = this.#timers.splice(0);
    for (const { callback } of timers) callback();
    return timers.map(({ milliseconds }) => milliseconds);
  }

  /** Advances the clock without firing timers. */
  passSeconds(seconds: number): void {
    this.#clock += 1000 * seconds;
  }

  /** Simulates the browser's `online` event. */
  goOnline(): void {
    for (const callback of [...this.#online]) callback();
  }

  /** Loads the model and chooses a start picture of value 100. */
  async ready(): Promise<void> {
    this.load();
    await this.stores.model.whenReady();
    await this.stores.animation.chooseStart(file('start'), 'start.png');
  }

  load(url = 'https://drift.example/model.json'): void {
    this.stores.model.load(() => ({ model: { kind: 'url', url }, backend: 'auto' }));
  }

  #fail(method: FailingMethod): void {
    const failure = this.failures.get(method);
    this.failures.delete(method);
    if (failure) throw failure;
  }

  #openDiffusion() {
    this.diffusionWorkers++;
    const { connection, die } = openFake(diffusionApi, {
      load: async ({ model, precisions = {}, lowMemory }, { signal, emit }) => {
        this.loads.push(model);
        this.precisions.push(precisions);
        this.lowMemories.push(lowMemory);
        emit({ stage: 'download', part: 'unet', done: 1, of: 2 });
        await this.loading.pass(signal);
        if (this.failsLate) emit({ stage: 'session', part: 'UNet', done: 0, of: 4 });
        if (this.notice) emit(this.notice);
        this.#fail('load');
        return { value: this.model, transfer: [] };
      },
      generate: async ({ start, origin, firstFrame, settings }, { signal, emit }) => {
        this.generateCalls.push({ firstFrame, seed: settings.seed, start, ...(origin && { origin }) });
        this.#fail('generate');
        if (this.notice) emit(this.notice);
        let value = valueOf(start) ?? 0;
        for (let frame = 0; frame < settings.frames; frame++) {
          if (frame > 0) await this.nextFrame.pass(this.ignoresAbort ? new AbortController().signal : signal);
          for (let step = 1; step <= settings.steps; step++) {
            const progress = { frame, frames: settings.frames, step, of: settings.steps, secondsLeft: null };
            emit({ kind: 'progress', progress: { ...progress, stage: 'denoise' } });
            emit({ kind: 'preview', frame, picture: plain(8, 8, step) });
          }
          // As in the real worker, a frame depends only on its predecessor, the seed and its number.
          value = (value * 3 + firstFrame + frame + settings.seed) % 251;
          const picture = plain(settings.width, settings.height, value);
          this.sent++;
          emit({ kind: 'frame', frame, picture, insight: this.insight, seconds: 1 }, [picture.data.buffer]);
        }
        return { value: { frames: settings.frames, seconds: settings.frames }, transfer: [] };
      },
      smooth: async (call, { signal, emit }) => {
        this.smoothCalls.push(call);
        this.#fail('smooth');
        const { plan, settings } = call;
        const { intermediate: of } = settings;
        const frames = framesToMake(plan, settings);
        for (let frame = 0; frame < frames; frame++) {
          if (frame > 0) await this.nextFrame.pass(signal);
          const index = plan.from ? plan.done + frame : frame - 1;
          const home = index >= plan.segments * of;
          const leg = index < 0 ? {} : { leg: { step: (index % of) + 1, of, home } };
          const picture = plain(settings.width, settings.height, (plan.firstFrame + frame + 1) % 251);
          emit({ kind: 'frame', frame, picture, insight, seconds: 1, ...leg });
        }
        return { value: { frames, seconds: frames }, transfer: [] };
      },
      pick: async (activity, { signal, emit }) => {
        this.activities.push(activity);
        this.picking++;
        this.speculate = emit;
        await new Promise<void>((resolve) => {
          signal.addEventListener('abort', () => {
            resolve();
          });
        });
        this.picking--;
        return { value: { ready: [], savedSeconds: 0, stepsAhead: 0 }, transfer: [] };
      },
      pickRound: async ({ name, start, frame, roll, batch, settings }, { signal, emit }) => {
        this.roundName = name;
        this.rounds.push({ start: valueOf(start), frame, roll, batch });
        this.#fail('pickRound');
        if (this.notice) this.speculate(this.notice);
        emit({ kind: 'progress', stage: 'denoise', step: 1, of: settings.steps });
        emit({ kind: 'preview', pictures: Array.from({ length: batch }, () => plain(8, 8, 1)) });
        for (let index = 0; index < batch; index++) {
          if (index > 0) await this.nextCandidate.pass(signal);
          const value = ((valueOf(start) ?? 0) * 3 + frame + settings.seed + 10 * roll + index) % 251;
          const picture = plain(settings.width, settings.height, value);
          emit({ kind: 'candidate', index, variant: variantOf(roll, index), picture, insight, seconds: 1 });
        }
        return { value: {}, transfer: [] };
      },
      usedFiles: () => Promise.resolve({ value: [...this.usedFiles], transfer: [] }),
      pickActivity: (activity) => {
        this.activities.push(activity);
        return Promise.resolve({ value: {}, transfer: [] });
      },
    });
    this.killDiffusion = die;
    return connection;
  }

  #openMedia() {
    this.mediaWorkers++;
    const { files } = this.device;
    const animate =
      (kind: ExportKind) =>
      async (
        params: Params<(typeof mediaApi)['zip']> & { frameRate?: number; loop?: boolean },
        { signal, emit }: { signal: AbortSignal; emit: (event: { done: number; of: number }) => void },
      ) => {
        const { source, frames, ...rest } = params;
        emit({ done: 1, of: frames.length });
        await this.encoding.pass(signal);
        this.#fail(kind);
        const reader = readerOf(files, source);
        const pictures = await Promise.all(frames.map((frame) => reader.picture(frame)));
        this.encoded.push({ kind, values: pictures.map(valueOf), ...rest });
        return {
          value: { file: new Blob(['GIF'], { type: `image/${kind}` }), encoder: 'fake' },
          transfer: [],
        };
      };
    const { connection, die } = openFake(mediaApi, {
      decode: async ({ file: picture, width, height, fit }, { signal }) => {
        this.decodeSizes.push(`${width}x${height} ${fit}`);
        await this.decoding.pass(signal);
        this.#fail('decode');
        // Test files may contain their value: `64x64:7`.
        const value = Number(/:(\d+)/.exec(await picture.text())?.[1] ?? 100);
        return { value: plain(width, height, value), transfer: [] };
      },
      png: async ({ picture }, { signal }) => {
        await this.encoding.pass(signal);
        this.#fail('png');
        return { value: new Blob([pngOf(picture)], { type: 'image/png' }), transfer: [] };
      },
      picture: async ({ source, frame }, { signal }) => {
        await this.reading.pass(signal);
        const value = await readerOf(files, source).picture(frame);
        return { value, transfer: [value.data.buffer] };
      },
      thumbnail: async ({ of, side }) => {
        this.thumbnailsMade++;
        this.#fail('thumbnail');
        const picture = 'picture' in of ? of.picture : await readerOf(files, of.source).picture(of.frame);
        return { value: new Blob([pngOf(downscaled(picture, side))]), transfer: [] };
      },
      texts: () => Promise.resolve({ value: [...this.texts], transfer: [] }),
      moving: async ({ file }) => ({ value: (await file.text()).includes(','), transfer: [] }),
      release: ({ store }) => {
        this.released.push(store);
        return Promise.resolve({ value: null, transfer: [] });
      },
      needs: () => Promise.resolve({ value: { hasAv1: true, download: 0 }, transfer: [] }),
      contents: () => {
        if (this.archive) {
          return Promise.resolve({ value: this.archive.map(({ name }) => name), transfer: [] });
        }
        throw new InputError('truncated', 'The archive has no end.', { remedy: 'Download it again.' });
      },
      frames: async ({ pictures: wanted, files: imported, fit, multiple }, { signal, emit }) => {
        const read: { name: string; file: Blob; width: number; height: number; value: number }[] = [];
        const bad: { name: string; message: string }[] = [];
        for (const [done, { name, file: index, entry }] of wanted.entries()) {
          emit({ done, of: wanted.length });
          await this.decoding.pass(signal);
          const from =
            entry === null ? imported[index] : this.archive?.find((each) => each.name === entry)?.file;
          const text = (await from?.text()) ?? 'bad';
          const [width = NaN, height = NaN, ...values] = text.split(/[x:,]/).map(Number);
          // Several values after the size are frames of an animation, which are all read only if it is the only file.
          const shown = wanted.length === 1 ? values : values.slice(0, 1);
          // A file that does not start with a size is an invalid picture.
          if (from && Number.isFinite(width)) {
            for (const value of shown.length > 0 ? shown : [100]) {
              read.push({ name, file: from, width, height, value });
            }
          } else {
            bad.push({ name, message: 'It is damaged.' });
          }
        }
        const [first] = read;
        if (!first) {
          throw new InputError('picture-damaged', `${bad[0]?.name ?? ''}: It is damaged.`, {
            remedy: 'Take another.',
          });
        }
        const size = frameSizeFor(first, multiple);
        this.decodeSizes.push(`${size.width}x${size.height} ${fit}`);
        const cut = ({ value }: { readonly value: number }) => plain(size.width, size.height, value);
        return {
          value: {
            first: { name: first.name, file: first.file, picture: cut(first) },
            frames: read.map((picture) => new Blob([pngOf(cut(picture))], { type: 'image/png' })),
            fitted: read.filter(({ width, height }) => width !== first.width || height !== first.height)
              .length,
            bad,
            animation:
              wanted.length === 1 && read.length > 1
                ? { count: read.length, every: 1, frameRate: 12.5 }
                : null,
            store: ++this.imports,
          },
          transfer: [],
        };
      },
      export: async (params, { signal, emit }) => {
        if (this.exporting) return this.exporting(params, { signal, emit });
        const { source, frames, options, note, document, first } = params;
        emit({ done: 1, of: frames.length, attempt: 1 });
        await this.encoding.pass(signal);
        this.#fail('export');
        const reader = readerOf(files, source);
        const pictures = await Promise.all(frames.map((frame) => reader.picture(frame)));
        this.exported.push({ options, note, document, first, values: pictures.map(valueOf) });
        const file = new Blob(['x'.repeat(100 * (first ?? frames.length))]);
        const [{ width, height } = { width: 1, height: 1 }] = frames;
        return { value: { file, bytes: file.size, encoder: 'fake', width, height }, transfer: [] };
      },
      gif: animate('gif'),
      mp4: animate('mp4'),
      zip: animate('zip'),
    });
    this.killMedia = die;
    return connection;
  }
}

export function file(content: string): Blob {
  return new Blob([content], { type: 'image/png' });
}

interface Observable<T> {
  getState(): T;
  subscribe(listener: (state: T) => void): () => void;
}

/** Resolves as soon as a store's state satisfies the condition. */
export function until<T>(store: Observable<T>, condition: (state: T) => boolean): Promise<T> {
  return new Promise((resolve) => {
    const check = (state: T) => {
      if (!condition(state)) return;
      unsubscribe();
      resolve(state);
    };
    const unsubscribe = store.subscribe(check);
    check(store.getState());
  });
}

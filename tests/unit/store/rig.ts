import type { Picture } from '../../../src/base/index.ts';
import {
  diffusionApi,
  mediaApi,
  modelsApi,
  projectHandlers,
  projectsApi,
} from '../../../src/protocol/index.ts';
import type {
  EngineNotice,
  Handlers,
  LoadedModel,
  ModelLocation,
  Params,
  PickActivity,
  PickEvent,
} from '../../../src/protocol/index.ts';
import { createStores } from '../../../src/store/index.ts';
import type { ExportKind, Stores } from '../../../src/store/index.ts';
import { modelHandlers } from '../../../workers/model-handlers.ts';
import { MemoryModels } from '../../support/install/model-storage.ts';
import { tinyWeb } from '../../support/install/tiny-source.ts';
import { Device } from '../../support/project-storage.ts';
import { Tab } from '../../support/tab.ts';
import { openFake } from './fakes/connection.ts';
import { fakeDiffusion, insight } from './fakes/diffusion.ts';
import { Gate } from './fakes/gate.ts';
import { fakeMedia } from './fakes/media.ts';
import { file, valueOf } from './fakes/pictures.ts';

export { insight } from './fakes/diffusion.ts';
export { file, plain, valueOf } from './fakes/pictures.ts';

type SmoothCall = Params<(typeof diffusionApi)['smooth']>;

type LoadCall = Params<(typeof diffusionApi)['load']>;

type FailingMethod =
  'load' | 'generate' | 'smooth' | 'pickRound' | 'decode' | 'png' | 'thumbnail' | 'export' | ExportKind;

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
      openDiffusion: () => {
        this.diffusionWorkers++;
        const { connection, die } = openFake(diffusionApi, fakeDiffusion(this));
        this.killDiffusion = die;
        return connection;
      },
      openMedia: () => {
        this.mediaWorkers++;
        const { connection, die } = openFake(mediaApi, fakeMedia(this));
        this.killMedia = die;
        return connection;
      },
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

  /** Throws the failure that a test set for the method, if any, once. */
  fail(method: FailingMethod): void {
    const failure = this.failures.get(method);
    this.failures.delete(method);
    if (failure) throw failure;
  }
}

/** Values of all frames of the animation, read from memory or storage. */
export async function valuesOf({ stores }: Rig): Promise<(number | undefined)[]> {
  const { animation } = stores;
  const positions = animation.getState().frames.map(({ number }) => number);
  return Promise.all(positions.map(async (position) => valueOf(await animation.pictureAt(position))));
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

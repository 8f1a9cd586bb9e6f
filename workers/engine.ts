import { automatic, makeRound, smooth } from '../src/animation/index.ts';
import type {
  Frame,
  PromptEmbeds,
  RoundEvent,
  RoundInput,
  RoundWatch,
  Watch,
} from '../src/animation/index.ts';
import { ModelError, abortable, allOrNone } from '../src/base/index.ts';
import type { Picture } from '../src/base/index.ts';
import { Pipeline } from '../src/diffusion/index.ts';
import { createModel, openModel } from '../src/models/index.ts';
import type { OpenedModel } from '../src/models/index.ts';
import { openInstalled } from '../src/models/install/index.ts';
import type { GenerateEvent, LoadEvent, LoadedModel, ModelPlace } from '../src/protocol/index.ts';
import { usableSettings } from '../src/project/index.ts';
import type { Settings, SmoothPlan } from '../src/project/index.ts';
import { DownloadTotal } from './downloads.ts';
import type { Backend, Machine } from './machine.ts';
import { holdModel } from './model-keeping.ts';
import type { ModelStorage } from './model-keeping.ts';
import { Prompts } from './prompts.ts';

/** The largest UNet that WebAssembly's memory holds, in weights of float32. */
const largestOnCpu = 350e6;

/** A model that is ready, on its machine. */
interface Loaded {
  readonly pipeline: Pipeline;
  readonly prompts: Prompts;
  /** Lets others change the model's files, which are read from as long as it is loaded. */
  readonly letGo: () => void;
}

export interface GenerateInput {
  readonly start: Picture;
  readonly origin?: Picture | undefined;
  readonly firstFrame: number;
  readonly settings: Settings;
  readonly previews: boolean;
}

export interface SmoothInput {
  readonly plan: SmoothPlan<Picture>;
  readonly last: Picture;
  readonly origin?: Picture | undefined;
  readonly settings: Settings;
  readonly previews: boolean;
}

type Emit = (event: GenerateEvent, transfer?: Transferable[]) => void;

/** A machine that is open or being opened, and what it was opened for. */
interface Station {
  readonly backend: Backend;
  readonly machine: Promise<Machine>;
}

/** The diffusion worker's state: one machine, and one model on it. */
export class Engine {
  readonly #openMachine: (backend: Backend) => Promise<Machine>;
  readonly #storage: ModelStorage;
  #station: Station | null = null;
  #loaded: Loaded | null = null;

  /** @param storage - where the models of this device are */
  constructor(openMachine: (backend: Backend) => Promise<Machine>, storage: ModelStorage) {
    this.#openMachine = openMachine;
    this.#storage = storage;
  }

  /**
   * Loads a model. The one before stays in use until the new one is there and checked; it is released before the new
   * one's networks are loaded, because two large models do not fit side by side. From then on events are of the stage
   * `session`.
   */
  async load(
    place: ModelPlace,
    backend: Backend,
    signal: AbortSignal,
    emit: (event: LoadEvent) => void,
  ): Promise<LoadedModel> {
    const letGo =
      place.kind === 'installed' ? await holdModel(this.#storage, place.id, 'shared') : () => undefined;
    try {
      return await this.#load(place, backend, signal, emit, letGo);
    } catch (error) {
      letGo();
      throw error;
    }
  }

  async #load(
    place: ModelPlace,
    backend: Backend,
    signal: AbortSignal,
    emit: (event: LoadEvent) => void,
    letGo: () => void,
  ): Promise<LoadedModel> {
    const station = this.#stationFor(backend);
    const [opened, machine] = await this.#whileOpening(station, () =>
      allOrNone(signal, async (stop) => {
        const both = await Promise.all([this.#open(place, stop, emit), abortable(station.machine, stop)]);
        checkFits(...both);
        return both;
      }),
    );
    await this.#moveTo(station);

    const { manifest, parts, fixedPrompts, text } = opened;
    const { compute, runtime, device, target } = machine;
    const defaults = usableSettings(manifest.defaults);
    const pipeline = new Pipeline(compute, runtime, createModel(parts, target));
    try {
      await pipeline.prepare(defaults.width ?? manifest.size, defaults.height ?? manifest.size, {
        signal,
        onNetwork: (part, done, of) => {
          emit({ stage: 'session', part, done, of });
        },
      });
    } catch (error) {
      await pipeline.release();
      throw error;
    }
    this.#loaded = { pipeline, prompts: new Prompts(fixedPrompts, text, compute, runtime), letGo };
    return {
      name: manifest.name,
      description: manifest.description,
      licence: manifest.licence,
      size: manifest.size,
      latentScale: pipeline.model.latentScale,
      prompts: fixedPrompts ? 'fixed' : text ? 'text' : 'none',
      fixedPrompts: {
        positive: [...(fixedPrompts?.positive ?? [])],
        negative: [...(fixedPrompts?.negative ?? [])],
      },
      defaults: { width: manifest.size, height: manifest.size, ...defaults },
      device,
    };
  }

  /** Fetches a model, or checks the one on this device. */
  #open(place: ModelPlace, signal: AbortSignal, emit: (event: LoadEvent) => void): Promise<OpenedModel> {
    if (place.kind === 'installed') {
      const onProgress = ({ done, of }: { readonly done: number; readonly of: number }) => {
        emit({ stage: 'verify', part: 'files', done, of });
      };
      return openInstalled(this.#storage.files, place.id, { signal, onProgress });
    }
    const total = new DownloadTotal();
    const onDownload = (file: string, done: number, of: number) => {
      emit({ stage: 'download', part: 'files', ...total.report(file, done, of) });
    };
    return openModel(place.url, { signal, onDownload });
  }

  /** Automatic mode. Frames are reported as they are made. */
  generate(
    input: GenerateInput,
    signal: AbortSignal,
    emit: Emit,
  ): Promise<{ frames: number; seconds: number }> {
    return this.#run(input, signal, emit, ({ pipeline }, prompts, watch) =>
      automatic(pipeline, { ...input, prompts }, watch),
    );
  }

  /** Smooth mode. Frames are reported as they are made. */
  smooth(input: SmoothInput, signal: AbortSignal, emit: Emit): Promise<{ frames: number; seconds: number }> {
    return this.#run(input, signal, emit, (loaded, prompts, watch) => {
      const promptsOf = (settings: Settings) => loaded.prompts.embeds(settings, signal);
      return smooth(loaded.pipeline, { ...input, prompts, promptsOf }, watch);
    });
  }

  async #run(
    { settings, previews }: { readonly settings: Settings; readonly previews: boolean },
    signal: AbortSignal,
    emit: Emit,
    begin: (loaded: Loaded, prompts: PromptEmbeds, watch: Watch) => AsyncIterable<Frame>,
  ): Promise<{ frames: number; seconds: number }> {
    const loaded = this.#model();
    const began = performance.now();
    const prompts = await loaded.prompts.embeds(settings, signal);
    try {
      const frames = begin(loaded, prompts, {
        signal,
        onProgress: (progress) => {
          emit({ kind: 'progress', progress });
        },
        onPreview: previews
          ? (frame, picture) => {
              emit({ kind: 'preview', frame, picture }, [picture.data.buffer]);
            }
          : undefined,
      });
      let count = 0;
      for await (const { index, ...frame } of frames) {
        // Copied and not moved: the next frame is made from the same pixels.
        emit({ kind: 'frame', frame: index, ...frame });
        count++;
      }
      return { frames: count, seconds: (performance.now() - began) / 1000 };
    } finally {
      prompts.text?.dispose();
    }
  }

  /** A round of picking by hand, made step by step as it is asked for more: see `makeRound`. */
  async *round(input: RoundInput, watch: RoundWatch): AsyncGenerator<RoundEvent, void, undefined> {
    const { pipeline, prompts } = this.#model();
    yield* makeRound(pipeline, input, (signal) => prompts.embeds(input.settings, signal), watch);
  }

  /** @throws ModelError `no-model` */
  #model(): Loaded {
    if (this.#loaded) return this.#loaded;
    throw new ModelError('no-model', 'There is no model to make frames with.', {
      remedy: 'Load a model first.',
    });
  }

  /** The machine that is there, or one that begins to open now. */
  #stationFor(backend: Backend): Station {
    if (this.#station?.backend === backend) return this.#station;
    const station = { backend, machine: this.#openMachine(backend) };
    // The first is kept even if its model cannot be opened: the next attempt needs it.
    this.#station ??= station;
    station.machine.catch(() => {
      if (this.#station === station) this.#station = null;
    });
    return station;
  }

  /** Does something that needs the station. When it fails, a station beside the engine's own is given up. */
  async #whileOpening<T>(station: Station, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (station !== this.#station) closeStation(station);
      throw error;
    }
  }

  /** Releases the model that is loaded, and lets go of its machine where the next one runs on another. */
  async #moveTo(station: Station): Promise<void> {
    const before = this.#loaded;
    this.#loaded = null;
    await before?.pipeline.release();
    before?.letGo();
    if (this.#station === station) return;
    if (this.#station) closeStation(this.#station);
    this.#station = station;
  }
}

/** Frees a machine once it is open; one that could not be opened has nothing to free. */
function closeStation({ machine }: Station): void {
  machine.then(
    (open) => {
      open.dispose();
    },
    () => undefined,
  );
}

/** @throws ModelError `needs-gpu` for a model that WebAssembly's memory cannot hold */
function checkFits({ manifest, parts }: OpenedModel, { device }: Machine): void {
  if (device.kind !== 'cpu') return;
  let weights = 0;
  for (const { dims } of parts.unet.checkpoint.tensors.values()) weights += dims.reduce((a, b) => a * b, 1);
  if (weights <= largestOnCpu) return;
  throw new ModelError('needs-gpu', `${manifest.name} is too large for the processor: it needs a GPU.`, {
    remedy: 'Use the built-in model here, or open Drift in a browser with WebGPU on a machine with a GPU.',
    details: { weights, limit: largestOnCpu },
  });
}

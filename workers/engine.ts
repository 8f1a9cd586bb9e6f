import { makeRound } from '../src/animation/index.ts';
import type { Frame, RoundEvent, RoundInput, RoundWatch } from '../src/animation/index.ts';
import { DriftError, ModelError, abortable, allOrNone, createQueue } from '../src/base/index.ts';
import { Pipeline } from '../src/diffusion/index.ts';
import type { PipelineOptions } from '../src/diffusion/index.ts';
import { checkProcessor, createModel, networkGraphs, openModel } from '../src/models/index.ts';
import type { OpenedModel } from '../src/models/index.ts';
import { openInstalled } from '../src/models/install/index.ts';
import type {
  EngineNotice,
  GenerateEvent,
  LoadEvent,
  LoadedModel,
  ModelPlace,
  Precision,
} from '../src/protocol/index.ts';
import { usableSettings } from '../src/project/index.ts';
import type { Settings } from '../src/project/index.ts';
import { DownloadTotal } from './downloads.ts';
import type { Backend, Machine } from './machine.ts';
import { holdModel } from './model-keeping.ts';
import type { ModelStorage } from './model-keeping.ts';
import { deviceNotice, precisionNotice } from './notices.ts';
import { Prompts } from './prompts.ts';
import type { PromptDevice } from './prompts.ts';
import { tellingRuntime } from './reading.ts';
import { resumableAutomatic, resumableSmooth } from './resuming.ts';
import type { AutomaticRun, Resumable, SmoothRun } from './resuming.ts';

/** A model that is ready, on its machine. */
interface Loaded {
  readonly parts: OpenedModel['parts'];
  readonly backend: Backend;
  readonly machine: Machine;
  readonly lowMemory: boolean;
  readonly pipeline: Pipeline;
  readonly prompts: Prompts;
  /** Lets others change the model's files, which are read from as long as it is loaded. */
  readonly letGo: () => void;
}

export interface GenerateInput extends AutomaticRun {
  readonly previews: boolean;
}

export interface SmoothInput extends SmoothRun {
  readonly previews: boolean;
}

export interface LoadOptions {
  /** What has become known of this model earlier, by the names of adapters. */
  readonly precisions?: Readonly<Record<string, Precision>> | undefined;
  /** See `PipelineOptions`. Default false. */
  readonly lowMemory?: boolean | undefined;
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
  /** Whoever works with the engine now: one thing at a time is done with it. */
  #hearer: ((notice: EngineNotice) => void) | null = null;
  /** Where several rounds meet a lost device, one of them replaces it. */
  readonly #recovering = createQueue();

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
    options: LoadOptions = {},
  ): Promise<LoadedModel> {
    const letGo =
      place.kind === 'installed' ? await holdModel(this.#storage, place.id, 'shared') : () => undefined;
    try {
      return await this.#load(place, backend, signal, emit, letGo, options);
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
    { precisions = {}, lowMemory = false }: LoadOptions,
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
    const defaults = usableSettings(manifest.defaults);
    /** The network that is being loaded; null once all of them are there. */
    let loading: LoadEvent | null = null;
    const runtime = tellingRuntime(machine.runtime, (done, of) => {
      if (loading) emit({ ...loading, read: { done, of } });
    });
    const pipeline = this.#pipelineOn({ ...machine, runtime }, parts, {
      lowMemory,
      precision: precisions[machine.device.name],
    });
    try {
      await pipeline.prepare(defaults.width ?? manifest.size, defaults.height ?? manifest.size, {
        signal,
        onNetwork: (part, done, of) => {
          loading = { stage: 'session', part, done, of };
          emit(loading);
        },
      });
    } catch (error) {
      await pipeline.release();
      throw error;
    } finally {
      loading = null;
    }
    const prompts = new Prompts(fixedPrompts, text, promptDevice(machine, pipeline, lowMemory));
    this.#loaded = { parts, backend, machine, lowMemory, pipeline, prompts, letGo };
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
      device: machine.device,
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
    return this.hearing(emit, () => this.#run(input, resumableAutomatic(input), signal, emit));
  }

  /** Smooth mode. Frames are reported as they are made. */
  smooth(input: SmoothInput, signal: AbortSignal, emit: Emit): Promise<{ frames: number; seconds: number }> {
    const promptsOf = (settings: Settings) => this.#model().prompts.embeds(settings, signal);
    return this.hearing(emit, () => this.#run(input, resumableSmooth(input, promptsOf), signal, emit));
  }

  /** Does something with the engine; `hear` is told what the engine changes by itself meanwhile. */
  async hearing<T>(hear: (notice: EngineNotice) => void, work: () => Promise<T>): Promise<T> {
    this.#hearer = hear;
    try {
      return await work();
    } finally {
      this.#hearer = null;
    }
  }

  /** Makes the frames of a run, on more than one device where one is lost: after a loss, the frame is made again. */
  async #run(
    { settings, previews }: { readonly settings: Settings; readonly previews: boolean },
    run: Resumable,
    signal: AbortSignal,
    emit: Emit,
  ): Promise<{ frames: number; seconds: number }> {
    const began = performance.now();
    let loaded = this.#model();
    let count = 0;
    let lostAt = -1;
    for (;;) {
      try {
        const frames = this.#frames(loaded, run, { settings, previews, done: count }, signal, emit);
        for await (const { index, ...frame } of frames) {
          run.made(frame);
          // Copied and not moved: the next frame is made from the same pixels.
          emit({ kind: 'frame', frame: index, ...frame });
          count++;
        }
        return { frames: count, seconds: (performance.now() - began) / 1000 };
      } catch (error) {
        // A frame that costs two devices would cost a third one as well.
        if (signal.aborted || lostAt === count) throw error;
        lostAt = count;
        loaded = await this.#recover(loaded, error, signal);
        emit(deviceNotice);
      }
    }
  }

  /** The frames that are left of a run, of which `done` are there already. */
  async *#frames(
    { pipeline, prompts }: Loaded,
    run: Resumable,
    { settings, previews, done }: { settings: Settings; previews: boolean; done: number },
    signal: AbortSignal,
    emit: Emit,
  ): AsyncGenerator<Frame, void, undefined> {
    const embeds = await prompts.embeds(settings, signal);
    try {
      const frames = run.begin(pipeline, embeds, {
        signal,
        onProgress: ({ frame, frames, ...progress }) => {
          emit({ kind: 'progress', progress: { frame: done + frame, frames: done + frames, ...progress } });
        },
        onPreview: previews
          ? (frame, picture) => {
              emit({ kind: 'preview', frame: done + frame, picture }, [picture.data.buffer]);
            }
          : undefined,
      });
      for await (const { index, ...frame } of frames) yield { index: done + index, ...frame };
    } finally {
      embeds.text?.dispose();
    }
  }

  /**
   * A round of picking by hand, made step by step as it is asked for more: see `makeRound`. After the loss of a device
   * it is made again, without the candidates that were there already.
   */
  async *round(input: RoundInput, watch: RoundWatch): AsyncGenerator<RoundEvent, void, undefined> {
    let loaded = this.#model();
    let known = 0;
    let lostAt = -1;
    for (;;) {
      try {
        const { pipeline, prompts } = loaded;
        const made = makeRound(pipeline, input, (signal) => prompts.embeds(input.settings, signal), watch);
        for await (const event of made) {
          if (event.kind === 'candidate') {
            if (event.candidate.index < known) continue;
            known++;
          }
          yield event;
        }
        return;
      } catch (error) {
        if (watch.signal.aborted || lostAt === known) throw error;
        lostAt = known;
        loaded = await this.#recover(loaded, error, watch.signal);
        yield deviceNotice;
      }
    }
  }

  /**
   * What is loaded, on a new device of the same kind, when an error came of the loss of the old one.
   *
   * @throws that error, where the device is still there, where there is no other like it, or where it failed as well
   */
  #recover(stale: Loaded, error: unknown, signal: AbortSignal): Promise<Loaded> {
    return this.#recovering.run(signal, async () => {
      if (this.#loaded && this.#loaded.machine !== stale.machine) return this.#loaded;
      if (!(await isLost(stale.machine))) throw error;
      // Gives back what the networks have in this worker's own memory; the device may have its say about it or not.
      await stale.pipeline.release().catch(() => undefined);
      const station = { backend: stale.backend, machine: this.#openMachine('webgpu') };
      try {
        const machine = await abortable(station.machine, signal);
        // Another device, or another precision, would make other frames.
        if (machine.device.precision !== stale.machine.device.precision) throw error;
        const { parts, lowMemory, prompts } = stale;
        const { precision } = stale.pipeline;
        const pipeline = this.#pipelineOn(machine, parts, { lowMemory, precision });
        prompts.moveTo(promptDevice(machine, pipeline, lowMemory));
        this.#loaded = { ...stale, machine, pipeline };
        this.#keep(station);
        stale.machine.dispose();
        return this.#loaded;
      } catch (failure) {
        closeStation(station);
        throw failure instanceof DriftError ? error : failure;
      }
    });
  }

  #pipelineOn(
    { compute, runtime, target }: Machine,
    parts: Loaded['parts'],
    options: Pick<PipelineOptions, 'lowMemory' | 'precision'>,
  ): Pipeline {
    return new Pipeline(compute, runtime, createModel(parts, target), {
      ...options,
      onPrecision: (precision) => this.#hearer?.(precisionNotice(precision)),
    });
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
    if (!this.#station) this.#keep(station);
    return station;
  }

  /** The engine's station from here on, until its machine cannot be opened or its device is lost. */
  #keep(station: Station): void {
    this.#station = station;
    const forget = () => {
      if (this.#station === station) this.#station = null;
    };
    station.machine.then(({ lost }) => lost?.then(forget), forget);
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
    this.#keep(station);
  }
}

function promptDevice({ compute, runtime }: Machine, pipeline: Pipeline, lowMemory: boolean): PromptDevice {
  return { compute, runtime, ...(lowMemory && { makeRoom: () => pipeline.release() }) };
}

/** Asks the device for something back, which one that is gone cannot give. */
async function isLost({ compute, lost }: Machine): Promise<boolean> {
  if (!lost) return false;
  try {
    const asked = compute.upload(new Float32Array(4), [4]);
    try {
      await compute.read([asked]);
    } finally {
      asked.dispose();
    }
    return false;
  } catch {
    return true;
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
function checkFits({ manifest, parts }: OpenedModel, { device, target }: Machine): void {
  if (device.kind !== 'cpu') return;
  const graphs = networkGraphs(parts, target.widestFusedHead);
  checkProcessor(manifest.name, graphs.unet({ width: 8, height: 8 }, target.type));
}

import { makeRound } from '../src/animation/index.ts';
import type { GeneratedFrame, RoundUpdate, RoundInput, RoundWatch } from '../src/animation/index.ts';
import { DriftError, ModelError, abortable, allOrNone, createQueue } from '../src/base/index.ts';
import type { NetworkPrecision } from '../src/base/index.ts';
import type { PipelineOptions } from '../src/diffusion/index.ts';
import type {
  Backend,
  EngineNotice,
  GenerateEvent,
  LoadEvent,
  LoadedModel,
  ModelPlace,
} from '../src/protocol/index.ts';
import type { Settings } from '../src/project/index.ts';
import { isLost, withDeviceRecovery } from './device-health.ts';
import { checkModel, loadNetworks, openPlace } from './loading.ts';
import type { Machine } from './machine.ts';
import { Machines } from './machines.ts';
import type { Station } from './machines.ts';
import { describe, pipelineOn, promptDevice } from './model-in-use.ts';
import type { ModelInUse } from './model-in-use.ts';
import { holdModel } from './model-keeping.ts';
import type { ModelStorage } from './model-keeping.ts';
import { deviceNotice, precisionNotice, promptNotice } from './notices.ts';
import { KnownPrompts } from './prompts.ts';
import { resumableAutomatic, resumableSmooth } from './resuming.ts';
import type { AutomaticRun, Resumable, SmoothRun } from './resuming.ts';

export interface GenerateInput extends AutomaticRun {
  readonly previews: boolean;
}

export interface GenerateSmoothInput extends SmoothRun {
  readonly previews: boolean;
}

export interface LoadOptions {
  /** What has become known of this model earlier, by the names of adapters. */
  readonly precisions?: Readonly<Record<string, NetworkPrecision>> | undefined;
  /** See `PipelineOptions`. Default false. */
  readonly lowMemory?: boolean | undefined;
}

type EmitGenerate = (event: GenerateEvent, transfer?: Transferable[]) => void;

/** The diffusion worker's state: one machine, and one model on it. */
export class Engine {
  readonly #machines: Machines;
  readonly #storage: ModelStorage;
  #model: ModelInUse | null = null;
  /** Told what the engine changes by itself: one caller at a time works with it, whatever else is made ahead meanwhile. */
  #hearer: ((notice: EngineNotice) => void) | null = null;
  /** Where several rounds meet a lost device, one of them replaces it. */
  readonly #recovering = createQueue();

  /** @param storage - where the models of this device are */
  constructor(openMachine: (backend: Backend) => Promise<Machine>, storage: ModelStorage) {
    this.#machines = new Machines(openMachine);
    this.#storage = storage;
  }

  /**
   * Loads a model. Everything that can be refused is refused before anything of the model in use is released: its
   * networks make room for the new one's, because two large models do not fit side by side, and from then on events are
   * of the stage `session`. Where the new model fails even so, the one before stays in use: its networks are loaded
   * again when they are next needed. What the engine does by itself meanwhile is reported as a notice.
   */
  async load(
    place: ModelPlace,
    backend: Backend,
    signal: AbortSignal,
    emit: (event: LoadEvent | EngineNotice) => void,
    options: LoadOptions = {},
  ): Promise<LoadedModel> {
    const letGo =
      place.kind === 'installed' ? await holdModel(this.#storage, place.id, 'shared') : () => undefined;
    const stations = new Set<Station>();
    try {
      return await this.hearing(emit, () =>
        this.#load(place, backend, stations, signal, emit, letGo, options),
      );
    } catch (error) {
      letGo();
      for (const station of stations) this.#machines.giveUp(station);
      throw error;
    }
  }

  /** @param stations - takes the stations that are opened for this model */
  async #load(
    place: ModelPlace,
    backend: Backend,
    stations: Set<Station>,
    signal: AbortSignal,
    emit: (event: LoadEvent) => void,
    letGo: () => void,
    { precisions = {}, lowMemory = false }: LoadOptions,
  ): Promise<LoadedModel> {
    const optionsOn = ({ device }: Machine) => this.#options(lowMemory, precisions[device.name]);
    let station = this.#machines.reserve(backend);
    stations.add(station);
    const [opened, found] = await allOrNone(signal, (stop) =>
      Promise.all([openPlace(place, this.#storage, stop, emit), abortable(station.machine, stop)]),
    );
    let first = found;
    try {
      checkModel(opened, first, optionsOn(first));
    } catch (error) {
      const needsGpu = error instanceof ModelError && error.code === 'needs-gpu';
      if (!needsGpu || backend === 'cpu' || !first.device.software) throw error;
      // A GPU that computes on the processor was passed over; for this model it is better than none.
      station = this.#machines.reserve('software');
      stations.add(station);
      first = await abortable(station.machine, signal);
      checkModel(opened, first, optionsOn(first));
    }

    const before = this.#model;
    // A device that is gone frees nothing, and need not.
    await before?.pipeline.release().catch(() => undefined);
    const loadOn = async (machine: Machine) => {
      const { manifest, parts } = opened;
      const checked = checkModel(opened, machine, optionsOn(machine));
      const { width = manifest.size, height = manifest.size } = checked.defaults;
      const size = { width, height };
      return {
        machine,
        checked,
        pipeline: await loadNetworks(machine, parts, size, optionsOn(machine), signal, emit),
      };
    };
    const { machine, checked, pipeline } = await loadOn(first).catch(async (error: unknown) => {
      signal.throwIfAborted();
      if (!(await isLost(first, signal))) throw error;
      first.dispose();
      station = this.#machines.reopen(station.backend);
      stations.add(station);
      const second = await abortable(station.machine, signal);
      if (second.device.kind !== first.device.kind) throw error;
      this.#hearer?.(deviceNotice);
      return loadOn(second);
    });

    const prompts = new KnownPrompts(
      opened.fixedPrompts,
      opened.text,
      promptDevice(machine, pipeline, lowMemory),
      (cut) => this.#hearer?.(promptNotice(cut)),
    );
    const model = {
      parts: opened.parts,
      backend: station.backend,
      machine,
      lowMemory,
      pipeline,
      prompts,
      letGo,
    };
    this.#model = model;
    this.#machines.adopt(station);
    for (const other of stations) this.#machines.giveUp(other);
    if (before) {
      before.letGo();
      if (before.machine !== machine) before.machine.dispose();
    }
    return describe(opened, model, checked);
  }

  /** Automatic mode. Frames are reported as they are made. */
  generate(
    input: GenerateInput,
    signal: AbortSignal,
    emit: EmitGenerate,
  ): Promise<{ frames: number; seconds: number }> {
    return this.hearing(emit, () => this.#run(input, resumableAutomatic(input), signal, emit));
  }

  /** Smooth mode. Frames are reported as they are made. */
  smooth(
    input: GenerateSmoothInput,
    signal: AbortSignal,
    emit: EmitGenerate,
  ): Promise<{ frames: number; seconds: number }> {
    const promptsOf = (settings: Settings) => this.#inUse().prompts.embeds(settings, signal);
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
    emit: EmitGenerate,
  ): Promise<{ frames: number; seconds: number }> {
    const began = performance.now();
    let count = 0;
    const frames = withDeviceRecovery({
      model: this.#inUse(),
      signal,
      begin: (model, done) => this.#frames(model, run, { settings, previews, done }, signal, emit),
      isResult: () => true,
      recover: (stale, error) => this.#recover(stale, error, signal),
    });
    for await (const { index, ...frame } of frames) {
      run.made(frame);
      // Copied and not moved: the next frame is made from the same pixels.
      emit({ kind: 'frame', frame: index, ...frame });
      count++;
    }
    return { frames: count, seconds: (performance.now() - began) / 1000 };
  }

  /** The frames that are left of a run, of which `done` are there already. */
  async *#frames(
    { pipeline, prompts }: ModelInUse,
    run: Resumable,
    { settings, previews, done }: { settings: Settings; previews: boolean; done: number },
    signal: AbortSignal,
    emit: EmitGenerate,
  ): AsyncGenerator<GeneratedFrame, void, undefined> {
    // Before the first step, because the decoder comes last, and all that came before it would be lost.
    pipeline.checkSize(settings.width, settings.height);
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
  async *round(input: RoundInput, watch: RoundWatch): AsyncGenerator<RoundUpdate, void, undefined> {
    yield* withDeviceRecovery({
      model: this.#inUse(),
      signal: watch.signal,
      begin: (model, known) => this.#events(model, input, known, watch),
      isResult: ({ kind }) => kind === 'candidate',
      recover: (stale, error) => this.#recover(stale, error, watch.signal),
    });
  }

  /** The events of a round without those of the first candidates, which are known. */
  async *#events(
    { pipeline, prompts }: ModelInUse,
    input: RoundInput,
    known: number,
    watch: RoundWatch,
  ): AsyncGenerator<RoundUpdate, void, undefined> {
    pipeline.checkSize(input.settings.width, input.settings.height);
    const embedPrompts = (signal: AbortSignal) => prompts.embeds(input.settings, signal);
    for await (const event of makeRound(pipeline, input, embedPrompts, watch)) {
      if (event.kind !== 'candidate' || event.candidate.index >= known) yield event;
    }
  }

  /**
   * What is loaded, on a new device of the same kind, when an error came of the loss of the old one.
   *
   * @throws that error, where the device is still there, where there is no other like it, or where it failed as well
   */
  #recover(stale: ModelInUse, error: unknown, signal: AbortSignal): Promise<ModelInUse> {
    return this.#recovering.run(signal, async () => {
      if (this.#model && this.#model.machine !== stale.machine) return this.#model;
      if (!(await isLost(stale.machine, signal))) throw error;
      // Frees what the networks have in this worker's own memory; the lost device may fail to answer.
      await abortable(
        stale.pipeline.release().catch(() => undefined),
        signal,
      );
      const station = this.#machines.reopen(stale.backend);
      try {
        const machine = await abortable(station.machine, signal);
        // Another kind of device, or another precision, would make other frames.
        const { kind, precision } = stale.machine.device;
        if (machine.device.kind !== kind || machine.device.precision !== precision) throw error;
        const { parts, lowMemory, prompts } = stale;
        const pipeline = pipelineOn(machine, parts, this.#options(lowMemory, stale.pipeline.precision));
        prompts.moveTo(promptDevice(machine, pipeline, lowMemory));
        this.#model = { ...stale, machine, pipeline };
        this.#machines.adopt(station);
        stale.machine.dispose();
        this.#hearer?.(deviceNotice);
        return this.#model;
      } catch (failure) {
        this.#machines.giveUp(station);
        throw failure instanceof DriftError ? error : failure;
      }
    });
  }

  #options(lowMemory: boolean, precision: NetworkPrecision | undefined): PipelineOptions {
    return {
      lowMemory,
      precision,
      onPrecision: (changed, reason) => this.#hearer?.(precisionNotice(changed, reason)),
    };
  }

  /** @throws ModelError `no-model` */
  #inUse(): ModelInUse {
    if (this.#model) return this.#model;
    throw new ModelError('no-model', 'There is no model to make frames with.', {
      remedy: 'Load a model first.',
    });
  }
}

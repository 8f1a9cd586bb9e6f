import { makeRound } from '../src/animation/index.ts';
import type { GeneratedFrame, RoundUpdate, RoundInput, RoundWatch } from '../src/animation/index.ts';
import { DriftError, ModelError, abortable, allOrNone, createQueue } from '../src/base/index.ts';
import type { NetworkPrecision } from '../src/base/index.ts';
import type { PipelineOptions } from '../src/diffusion/index.ts';
import type {
  BackendChoice,
  EngineNotice,
  GenerateEvent,
  LoadEvent,
  LoadedModel,
  ModelLocation,
} from '../src/protocol/index.ts';
import type { Settings } from '../src/project/index.ts';
import { isLost, withDeviceRecovery } from './device-health.ts';
import { checkModel, loadNetworks, openModelAt } from './loading.ts';
import type { Backend } from './backend.ts';
import { BackendPool } from './backend-pool.ts';
import type { BackendSlot } from './backend-pool.ts';
import { describe, pipelineOn, promptDevice } from './model-in-use.ts';
import type { ModelInUse } from './model-in-use.ts';
import { holdModel } from './model-handlers.ts';
import type { ModelStorage } from './model-handlers.ts';
import { deviceNotice, precisionNotice, promptNotice } from './notices.ts';
import { PromptCache } from './prompts.ts';
import { resumableAutomatic, resumableSmooth } from './resuming.ts';
import type { AutomaticRun, Resumable, SmoothRun } from './resuming.ts';

export interface GenerateInput extends AutomaticRun {
  readonly previews: boolean;
}

export interface GenerateSmoothInput extends SmoothRun {
  readonly previews: boolean;
}

export interface LoadOptions {
  /** Number types from earlier notices, by adapter name. */
  readonly precisions?: Readonly<Record<string, NetworkPrecision>> | undefined;
  /** See `PipelineOptions`. Default false. */
  readonly lowMemory?: boolean | undefined;
}

type EmitGenerate = (event: GenerateEvent, transfer?: Transferable[]) => void;

/** State of the diffusion worker: one backend, and one model on it. */
export class Engine {
  readonly #pool: BackendPool;
  readonly #storage: ModelStorage;
  #model: ModelInUse | null = null;
  /** Listener for notices of the current call; speculative work reports to it too. */
  #onNotice: ((notice: EngineNotice) => void) | null = null;
  /** Serialises recovery, so that several rounds replace a lost device once. */
  readonly #recovering = createQueue();

  /** @param storage Storage of installed models. */
  constructor(openBackend: (choice: BackendChoice) => Promise<Backend>, storage: ModelStorage) {
    this.#pool = new BackendPool(openBackend, (backend) => this.#model?.backend === backend);
    this.#storage = storage;
  }

  /**
   * Loads a model. Everything that can be checked is checked before the networks of the model in use are released; they
   * must be, because two large models do not fit side by side, and from then on events are of stage `session`. If loading
   * fails even then, the previous model stays in use and reloads its networks on demand. Changes made by the engine are
   * reported as notices.
   */
  async load(
    location: ModelLocation,
    choice: BackendChoice,
    signal: AbortSignal,
    emit: (event: LoadEvent | EngineNotice) => void,
    options: LoadOptions = {},
  ): Promise<LoadedModel> {
    const letGo =
      location.kind === 'installed' ? await holdModel(this.#storage, location.id, 'shared') : () => undefined;
    const slots = new Set<BackendSlot>();
    try {
      return await this.withNotices(emit, () =>
        this.#load(location, choice, slots, signal, emit, letGo, options),
      );
    } catch (error) {
      letGo();
      for (const slot of slots) this.#pool.giveUp(slot);
      throw error;
    }
  }

  /** @param slots Collects the backends opened for this model. */
  async #load(
    location: ModelLocation,
    choice: BackendChoice,
    slots: Set<BackendSlot>,
    signal: AbortSignal,
    emit: (event: LoadEvent) => void,
    letGo: () => void,
    { precisions = {}, lowMemory = false }: LoadOptions,
  ): Promise<LoadedModel> {
    const optionsOn = ({ device }: Backend) => this.#options(lowMemory, precisions[device.name]);
    let slot = this.#pool.reserve(choice);
    slots.add(slot);
    const [opened, found] = await allOrNone(signal, (stop) =>
      Promise.all([openModelAt(location, this.#storage, stop, emit), abortable(slot.backend, stop)]),
    );
    let first = found;
    try {
      checkModel(opened, first, optionsOn(first));
    } catch (error) {
      const needsGpu = error instanceof ModelError && error.code === 'needs-gpu';
      if (!needsGpu || choice === 'cpu' || !first.device.software) throw error;
      // The software GPU was skipped, but for this model it is better than none.
      slot = this.#pool.reserve('software');
      slots.add(slot);
      first = await abortable(slot.backend, signal);
      checkModel(opened, first, optionsOn(first));
    }

    const before = this.#model;
    // On a lost device release may fail, and is not needed.
    await before?.pipeline.release().catch(() => undefined);
    const loadOn = async (backend: Backend) => {
      const { manifest, parts } = opened;
      const checked = checkModel(opened, backend, optionsOn(backend));
      const { width = manifest.size, height = manifest.size } = checked.defaults;
      const size = { width, height };
      return {
        backend,
        checked,
        pipeline: await loadNetworks(backend, parts, size, optionsOn(backend), signal, emit),
      };
    };
    const { backend, checked, pipeline } = await loadOn(first).catch(async (error: unknown) => {
      signal.throwIfAborted();
      if (!(await isLost(first, signal))) throw error;
      // The model in use stays on it, should this load fail: its next run replaces the device, and frees this one.
      if (before?.backend !== first) first.dispose();
      slot = this.#pool.reopen(slot.choice);
      slots.add(slot);
      const second = await abortable(slot.backend, signal);
      if (second.device.kind !== first.device.kind) throw error;
      this.#onNotice?.(deviceNotice);
      return loadOn(second);
    });

    const prompts = new PromptCache(
      opened.fixedPrompts,
      opened.text,
      promptDevice(backend, pipeline, lowMemory),
      (cut) => this.#onNotice?.(promptNotice(cut)),
    );
    const model = {
      parts: opened.parts,
      choice: slot.choice,
      backend,
      lowMemory,
      pipeline,
      prompts,
      letGo,
    };
    this.#model = model;
    this.#pool.adopt(slot);
    for (const other of slots) this.#pool.giveUp(other);
    if (before) {
      before.letGo();
      if (before.backend !== backend) before.backend.dispose();
    }
    return describe(opened, model, checked);
  }

  /** Automatic mode. Emits frames as they are made. */
  generate(
    input: GenerateInput,
    signal: AbortSignal,
    emit: EmitGenerate,
  ): Promise<{ frames: number; seconds: number }> {
    return this.withNotices(emit, () => this.#run(input, resumableAutomatic(input), signal, emit));
  }

  /** Smooth mode. Emits frames as they are made. */
  smooth(
    input: GenerateSmoothInput,
    signal: AbortSignal,
    emit: EmitGenerate,
  ): Promise<{ frames: number; seconds: number }> {
    const promptsOf = (settings: Settings) => this.#inUse().prompts.embeds(settings, signal);
    return this.withNotices(emit, () => this.#run(input, resumableSmooth(input, promptsOf), signal, emit));
  }

  /** Runs `work`; meanwhile notices go to `onNotice`. */
  async withNotices<T>(onNotice: (notice: EngineNotice) => void, work: () => Promise<T>): Promise<T> {
    this.#onNotice = onNotice;
    try {
      return await work();
    } finally {
      this.#onNotice = null;
    }
  }

  /** Makes the frames of a run. If the device is lost, remakes the current frame on a new one. */
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
      // Copied, not transferred: the next frame is made from the same pixels.
      emit({ kind: 'frame', frame: index, ...frame });
      count++;
    }
    return { frames: count, seconds: (performance.now() - began) / 1000 };
  }

  /** The remaining frames of a run, after `done` of them. */
  async *#frames(
    { pipeline, prompts }: ModelInUse,
    run: Resumable,
    { settings, previews, done }: { settings: Settings; previews: boolean; done: number },
    signal: AbortSignal,
    emit: EmitGenerate,
  ): AsyncGenerator<GeneratedFrame, void, undefined> {
    // Checked first: the decoder runs last, and a failure there would waste all steps.
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
   * A round of picking by hand, computed step by step: see `makeRound`. If the device is lost, it is made again, without
   * yielding finished candidates again.
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

  /** Events of a round, without the first `known` candidates. */
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
   * Reopens the model on a new device of the same kind if the old one is lost.
   *
   * @throws `error` if the device is not lost, if there is no other like it, or if that fails as well
   */
  #recover(stale: ModelInUse, error: unknown, signal: AbortSignal): Promise<ModelInUse> {
    return this.#recovering.run(signal, async () => {
      if (this.#model && this.#model.backend !== stale.backend) return this.#model;
      if (!(await isLost(stale.backend, signal))) throw error;
      // Frees memory of this worker; the lost device may never answer.
      await abortable(
        stale.pipeline.release().catch(() => undefined),
        signal,
      );
      const slot = this.#pool.reopen(stale.choice);
      try {
        const backend = await abortable(slot.backend, signal);
        // Another kind of device, or another precision, would make different frames.
        const { kind, precision } = stale.backend.device;
        if (backend.device.kind !== kind || backend.device.precision !== precision) throw error;
        const { parts, lowMemory, prompts } = stale;
        const pipeline = pipelineOn(backend, parts, this.#options(lowMemory, stale.pipeline.precision));
        prompts.moveTo(promptDevice(backend, pipeline, lowMemory));
        this.#model = { ...stale, backend, pipeline };
        this.#pool.adopt(slot);
        stale.backend.dispose();
        this.#onNotice?.(deviceNotice);
        return this.#model;
      } catch (failure) {
        this.#pool.giveUp(slot);
        throw failure instanceof DriftError ? error : failure;
      }
    });
  }

  #options(lowMemory: boolean, precision: NetworkPrecision | undefined): PipelineOptions {
    return {
      lowMemory,
      precision,
      onPrecision: (changed, reason) => this.#onNotice?.(precisionNotice(changed, reason)),
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

import type { LatentSize } from '../base/index.ts';
import type { Compute, DeviceTensor, ModelType } from '../compute/index.ts';
import { NotFiniteError } from './overflow.ts';
import type { OverflowFlags } from './overflow.ts';
import { guidanceOf } from './fewer-evaluations.ts';
import type { FewerEvaluations } from './fewer-evaluations.ts';
import { latentsAs } from './latents.ts';
import type { DiffusionModel, Networks } from './networks.ts';
import type { PrecisionControl } from './precision.ts';
import { createSchedule, timestepFeatures } from './scheduler.ts';
import { Scope } from './scope.ts';

export interface DenoisingOptions {
  /** float32 [b, d], one image embedding per picture. */
  readonly embeds: DeviceTensor;
  /** float32 [b, latent channels, height, width], standard normal. Not modified. */
  readonly noise: DeviceTensor;
  readonly steps: number;
  /** Scale of classifier-free guidance; at 1 or less the unconditional half is not computed. */
  readonly guidanceScale: number;
  readonly signal?: AbortSignal | undefined;
  /** Overflow flags: see `Pipeline.overflowFlags`. */
  readonly overflow?: OverflowFlags | undefined;
  /** Evaluations to skip for speed; default none, as in the original program. */
  readonly fewer?: FewerEvaluations | undefined;
}

export interface DenoiseOptions extends DenoisingOptions {
  /** Called after each step. */
  readonly onStep?: ((step: number, of: number) => void) | undefined;
  /** Called with the latents after each step; they must not be modified or kept. */
  readonly onLatents?: ((latents: DeviceTensor) => void) | undefined;
}

/** State of a denoising run. */
export interface DenoisingStep {
  /** Number of computed steps. */
  readonly step: number;
  /** float32 [b, latent channels, h, w] after the step queued last; must not be modified or kept. */
  readonly latents: DeviceTensor;
  /** The final latents, which the receiver owns; null before the end. */
  readonly denoised: DeviceTensor | null;
}

/** UNet and context network: noise to latents by DPM-Solver++ with classifier-free guidance. */
export class Denoiser {
  readonly #compute: Compute;
  readonly #model: DiffusionModel;
  readonly #networks: Networks;
  readonly #precision: PrecisionControl;

  constructor(compute: Compute, model: DiffusionModel, networks: Networks, precision: PrecisionControl) {
    this.#compute = compute;
    this.#model = model;
    this.#networks = networks;
    this.#precision = precision;
  }

  /**
   * Loads the UNet.
   *
   * @param rows Number of latents per evaluation.
   * @throws DeviceError `gpu-too-small` or `cpu-too-small`, before loading anything
   */
  async loadUnet(size: LatentSize, rows: number, signal?: AbortSignal): Promise<void> {
    await this.#precision.load('unet', (type) => this.#unet(size, rows, type, signal));
  }

  /** Loads UNet and context network, which share a number type, and returns that type. */
  load(size: LatentSize, rows: number, signal?: AbortSignal): Promise<ModelType> {
    return this.#precision.load('unet', async (type) => {
      await this.#unet(size, rows, type, signal);
      await this.#networks.context(signal, type);
      return type;
    });
  }

  async #unet(size: LatentSize, rows: number, type: ModelType, signal?: AbortSignal): Promise<void> {
    this.#model.checkLimits('UNet', size, rows, type);
    await this.#networks.unet(size, signal, type);
  }

  /**
   * Denoises a batch to latents float32 [b, latent channels, h, w].
   *
   * At most one step is queued beyond the one being computed: a stop takes effect within a step, and the GPU does not idle
   * between steps.
   */
  async denoise({ onStep, onLatents, ...options }: DenoiseOptions): Promise<DeviceTensor> {
    let result: DeviceTensor | null = null;
    try {
      for await (const { step, latents, denoised } of this.denoising(options)) {
        if (denoised) result = denoised;
        else onLatents?.(latents);
        if (step > 0) onStep?.(step, options.steps);
      }
    } catch (error) {
      result?.dispose();
      throw error;
    }
    if (!result) throw new RangeError('a run of denoising has a result');
    return result;
  }

  /**
   * `denoise` as a generator, one step per `next`. Between steps it can be suspended indefinitely, while other work uses
   * the device; ending it frees everything.
   *
   * @throws NotFiniteError if other work has meanwhile found that the UNet overflows in this run's number type; the
   *   signal's reason
   */
  async *denoising(options: DenoisingOptions): AsyncGenerator<DenoisingStep, void, undefined> {
    const { embeds, noise, steps, guidanceScale, signal, overflow, fewer } = options;
    const compute = this.#compute;
    const model = this.#model;
    const [batch = 0, , height = 0, width = 0] = noise.dims;
    const [given = 0] = embeds.dims;
    if (given !== batch) throw new RangeError(`${given} embeddings for ${batch} pictures`);
    const schedule = createSchedule(model.schedule, steps);
    const guidance = guidanceOf(schedule.sigmas.slice(0, -1), guidanceScale, fewer);
    const rows = guidance.includes('full') ? 2 * batch : batch;
    signal?.throwIfAborted();
    const size = { height, width };
    const type = await this.load(size, rows, signal);

    const scope = new Scope();
    try {
      const evaluations = {
        full: guidance.includes('full')
          ? await this.#evaluation(scope, noise.dims, embeds, 2, type, signal)
          : null,
        conditional: guidance.every((step) => step === 'full')
          ? null
          : await this.#evaluation(scope, noise.dims, embeds, 1, type, signal),
      };
      const difference = guidance.includes('kept')
        ? scope.own(compute.empty(noise.dims, 'float32'))
        : undefined;
      const latents = scope.own(compute.empty(noise.dims, 'float32'));
      const previousX0 = scope.own(compute.empty(noise.dims, 'float32'));
      const modelInput = scope.own(compute.empty(noise.dims, type));
      compute.copyRows(noise, latents, 0);
      compute.modelInput(latents, modelInput);

      let computed: Promise<void> = Promise.resolve();
      for (const [index, step] of schedule.steps.entries()) {
        signal?.throwIfAborted();
        const features = timestepFeatures(schedule.timesteps[index] ?? 0, model.timestep);
        const timestep = scope.own(compute.upload(features, [1, features.length]));
        if (this.#precision.current.unet !== type) throw new NotFiniteError('unet', type);
        // Other work may have run since the last step; in low memory mode it has unloaded the UNet.
        const unet = await this.#networks.unet(size, signal, type);
        const halves = guidance[index] === 'full' ? evaluations.full : evaluations.conditional;
        if (!halves) throw new RangeError('every kind of step has its evaluation');
        const { inputs, output } = halves;
        await unet.run({ sample: modelInput, timestep, ...inputs }, { output });
        const keeps = guidance[index] !== 'none';
        const state = { latents, previousX0, modelInput, difference: keeps ? difference : undefined };
        compute.dpmSolverStep(step, guidanceScale, output, state, overflow?.flags);
        await computed;
        computed = compute.idle();
        // After a stop nothing awaits this promise.
        computed.catch(() => undefined);
        yield { step: index, latents, denoised: null };
      }
      await computed;
      signal?.throwIfAborted();
      yield { step: steps, latents, denoised: scope.release(latents) };
    } finally {
      scope.dispose();
    }
  }

  /**
   * One evaluation of the UNet: `sample` [b, …] in float32 or the UNet's type, one embedding [b, d] per row, the same
   * timestep for all.
   *
   * @param halves With 2, the unconditional rows are computed as well, and come first in the result.
   */
  async predict(
    sample: DeviceTensor,
    timestep: number,
    embeds: DeviceTensor,
    halves: 1 | 2 = 1,
  ): Promise<DeviceTensor> {
    const compute = this.#compute;
    const [batch = 0, , height = 0, width = 0] = sample.dims;
    const size = { height, width };
    const type = await this.load(size, halves * batch);
    const scope = new Scope();
    try {
      const { inputs, output } = await this.#evaluation(scope, sample.dims, embeds, halves, type);
      const unet = await this.#networks.unet(size, undefined, type);
      const input = latentsAs(type, sample, compute, scope);
      const features = timestepFeatures(timestep, this.#model.timestep);
      const encoded = scope.own(compute.upload(features, [1, features.length]));
      await unet.run({ sample: input, timestep: encoded, ...inputs }, { output });
      return scope.release(output);
    } finally {
      scope.dispose();
    }
  }

  /** Remaining inputs of the UNet, and its output tensor, for one row per sample or for both halves. */
  async #evaluation(
    scope: Scope,
    [batch = 0, ...dims]: readonly number[],
    embeds: DeviceTensor,
    halves: 1 | 2,
    type: ModelType,
    signal?: AbortSignal,
  ) {
    const compute = this.#compute;
    const rows = halves * batch;
    const context = scope.own(await this.#contextFor(embeds, rows, type, signal));
    const zeros = scope.own(compute.upload(new Float32Array(halves), [halves, 1, 1, 1], type));
    const output = scope.own(compute.empty([rows, ...dims], type));
    return { inputs: { halves: zeros, context }, output };
  }

  /** Context of a batch. Rows beyond the number of embeddings come first and are unconditional: an embedding of zeros. */
  async #contextFor(
    embeds: DeviceTensor,
    rows: number,
    type: ModelType,
    signal?: AbortSignal,
  ): Promise<DeviceTensor> {
    const network = await this.#networks.context(signal, type);
    const [given = 0, width = 0] = embeds.dims;
    const scope = new Scope();
    try {
      const input = scope.own(this.#compute.empty([rows, width], 'float32'));
      this.#compute.copyRows(embeds, input, rows - given);
      const context = scope.own(this.#compute.empty([rows, this.#model.contextWidth], type));
      await network.run({ embeds: input }, { context });
      return scope.release(context);
    } finally {
      scope.dispose();
    }
  }
}

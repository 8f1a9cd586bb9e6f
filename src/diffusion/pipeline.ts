import { SettingsError } from '../base/index.ts';
import type { Picture } from '../base/index.ts';
import type { Compute, DeviceTensor, GuidanceTerms, ModelType, NoiseKey } from '../compute/index.ts';
import type { Port, Runtime, Session } from '../runtime/index.ts';
import { NotFiniteError, faultyNetwork } from './faults.ts';
import type { Faults, Precision } from './faults.ts';
import { Networks } from './networks.ts';
import type { DiffusionModel, LatentSize, ModelShape } from './networks.ts';
import { createSchedule, timestepFeatures } from './scheduler.ts';
import { Scope } from './scope.ts';
import { checkImageEncoder } from './towers.ts';

export interface DenoisingOptions {
  /** float32 [b, d]: one image embedding for each picture. */
  readonly embeds: DeviceTensor;
  /** float32 [b, latent channels, height, width], standard normal. Not changed. */
  readonly noise: DeviceTensor;
  readonly steps: number;
  /** Classifier-free guidance; at 1 or less the unconditional half is not computed. */
  readonly guidanceScale: number;
  readonly signal?: AbortSignal | undefined;
  /** Where it is noted that the UNet's results are not finite: see `Pipeline.faults`. */
  readonly faults?: Faults | undefined;
}

export interface DenoiseOptions extends DenoisingOptions {
  /** Told when a step has really been computed. */
  readonly onStep?: ((step: number, of: number) => void) | undefined;
  /** Given the latents after each step, to look at; they may not be changed or kept. */
  readonly onLatents?: ((latents: DeviceTensor) => void) | undefined;
}

/** How far a run of denoising is. */
export interface DenoisingStep {
  /** Steps that have really been computed. */
  readonly step: number;
  /** float32 [b, latent channels, h, w], after the step that was begun last; they may not be changed or kept. */
  readonly latents: DeviceTensor;
  /** At the end, the latents: from here on they are the receiver's to keep and to dispose. Null before. */
  readonly denoised: DeviceTensor | null;
}

/**
 * From a picture to its variants, one method for each stage of the design: `encode`, `guide`, `noise`, `denoise`,
 * `decode`. Tensors go in and come out on the device; whoever gets one disposes it. The same code runs on the GPU
 * and on the CPU: what differs is behind `Compute` and `Runtime`.
 */
export class Pipeline {
  readonly compute: Compute;
  readonly model: ModelShape;
  readonly #checkLimits: DiffusionModel['checkLimits'];
  readonly #lowMemory: boolean;
  readonly #networks: Networks;
  readonly #onPrecision: PipelineOptions['onPrecision'];
  #precision: Precision;

  constructor(compute: Compute, runtime: Runtime, model: DiffusionModel, options: PipelineOptions = {}) {
    this.compute = compute;
    this.model = model;
    this.#checkLimits = (...demand) => {
      model.checkLimits(...demand);
    };
    this.#lowMemory = options.lowMemory ?? false;
    this.#networks = new Networks(model, runtime, this.#lowMemory);
    this.#onPrecision = options.onPrecision;
    const { precision } = options;
    const best = compute.modelType;
    const allowed = (type: ModelType = best) => (best === 'float16' ? type : best);
    this.#precision = { unet: allowed(precision?.unet), decoder: allowed(precision?.decoder) };
  }

  /** What the networks that Drift compiles compute in now. */
  get precision(): Precision {
    return this.#precision;
  }

  /**
   * Whether it is worth trying again what has failed with this error: a network that has left the range of float16
   * computes in float32 from here on. What is tried again from the same noise is what float32 would have given.
   */
  widen(error: unknown): boolean {
    if (!(error instanceof NotFiniteError) || error.type === 'float32') return false;
    // Another run that shares this pipeline may have come first.
    if (this.#precision[error.network] !== 'float32') {
      this.#precision = { ...this.#precision, [error.network]: 'float32' };
      this.#onPrecision?.(this.#precision);
    }
    return true;
  }

  /**
   * Loads the networks for pictures of the given size, largest first, so that a frame starts at once and a model
   * that does not fit fails before anything else is spent on it. To save memory, each makes room for the next, and the
   * last is the one that a frame begins with.
   *
   * @throws DeviceError `gpu-too-small`, before anything is loaded; ModelError `session-failed`, or what
   *   `checkImageEncoder` throws
   */
  async prepare(width: number, height: number, options: PrepareOptions = {}): Promise<void> {
    const { signal, onNetwork } = options;
    const size = this.latentSize(width, height);
    const { unet, decoder } = this.#precision;
    this.#checkLimits('UNet', size, 2, unet);
    this.#checkLimits('decoder', size, 1, decoder);
    const context = ['context', () => this.#networks.context(signal, unet)] as const;
    const loads = [
      ['UNet', () => this.#networks.unet(size, signal, unet)],
      ...(this.#lowMemory ? [context] : []),
      ['decoder', () => this.#networks.decoder(size, signal, decoder)],
      ['image encoder', () => this.#imageEncoder(signal)],
      ...(this.#lowMemory ? [] : [context]),
    ] as const;
    for (const [index, [name, load]] of loads.entries()) {
      onNetwork?.(name, index, loads.length);
      await load();
    }
    onNetwork?.('', loads.length, loads.length);
  }

  /**
   * The latents of a picture's size.
   *
   * @throws SettingsError `size-invalid` when a side is not a multiple of the model's latent scale
   */
  latentSize(width: number, height: number): LatentSize {
    const scale = this.model.latentScale;
    if (width % scale !== 0 || height % scale !== 0 || width < scale || height < scale) {
      throw new SettingsError('size-invalid', `This model cannot make pictures of ${width}×${height}.`, {
        remedy: `Use a width and a height that are multiples of ${scale}.`,
        details: { width, height, multiple: scale },
      });
    }
    return { width: width / scale, height: height / scale };
  }

  /** Picture uint8 [h, w, 4] or [1, h, w, 4] to its CLIP image embedding [1, d]. */
  async encode(picture: DeviceTensor, signal?: AbortSignal): Promise<DeviceTensor> {
    const { input } = await this.#imageEncoder(signal);
    const pixels = this.compute.clipPreprocess(
      picture,
      this.model.clipSize,
      input.type === 'float16' ? 'float16' : 'float32',
    );
    try {
      return await this.encodePixels(pixels);
    } finally {
      pixels.dispose();
    }
  }

  /** CLIP pixels [b, 3, s, s] to image embeddings [b, d]. */
  async encodePixels(pixels: DeviceTensor): Promise<DeviceTensor> {
    const { encoder, output } = await this.#imageEncoder();
    const type = output.type === 'float16' ? 'float16' : 'float32';
    // What ONNX Runtime allocates goes with its session, and the encoder may be gone before its embeddings are.
    const embeds = this.compute.empty([pixels.dims[0] ?? 1, this.model.embeddingWidth], type);
    try {
      const outputs = await encoder.run({ pixel_values: pixels }, { image_embeds: embeds });
      for (const other of Object.values(outputs)) if (other !== embeds) other.dispose();
      return embeds;
    } catch (error) {
      embeds.dispose();
      throw error;
    }
  }

  async #imageEncoder(signal?: AbortSignal): Promise<{ encoder: Session; input: Port; output: Port }> {
    const encoder = await this.#networks.imageEncoder(signal);
    return { encoder, ...checkImageEncoder(encoder, this.model, this.compute.modelType) };
  }

  /** CLIP guidance on embeddings [b, d]: see `Compute.clipGuidance`. */
  guide(embeds: DeviceTensor, terms: GuidanceTerms): { shifted: DeviceTensor; report: DeviceTensor } {
    return this.compute.clipGuidance(embeds, terms);
  }

  /** Noise [keys, latent channels, h/s, w/s] for pictures of the given size. */
  noise(keys: readonly NoiseKey[], width: number, height: number): DeviceTensor {
    const size = this.latentSize(width, height);
    const noise = this.compute.empty(
      [keys.length, this.model.latentChannels, size.height, size.width],
      'float32',
    );
    this.compute.gaussianNoise(keys, noise);
    return noise;
  }

  /**
   * Denoises a batch and gives its latents float32 [b, latent channels, h, w].
   *
   * The GPU is never given more than one step ahead of the one it computes, so that a stop is obeyed within a
   * step and the queue does not run dry between steps either.
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
   * What `denoise` does, one step each time it is asked for more. Between two steps it can wait for as long as one
   * likes, or be ended, which frees what it holds; meanwhile other work can be done on the device.
   *
   * @throws NotFiniteError when meanwhile other work has found out that the UNet cannot compute in the type that this
   *   run began with, or the signal's reason
   */
  async *denoising(options: DenoisingOptions): AsyncGenerator<DenoisingStep, void, undefined> {
    const { embeds, noise, steps, guidanceScale, signal, faults } = options;
    const { compute, model } = this;
    const [batch = 0, channels = 0, height = 0, width = 0] = noise.dims;
    const [given = 0] = embeds.dims;
    if (given !== batch) throw new RangeError(`${given} embeddings for ${batch} pictures`);
    const rows = guidanceScale > 1 ? 2 * batch : batch;
    const schedule = createSchedule(model.schedule, steps);
    signal?.throwIfAborted();
    const size = { height, width };
    const type = this.#precision.unet;
    this.#checkLimits('UNet', size, rows, type);
    await this.#networks.unet(size, signal, type);

    const scope = new Scope();
    try {
      const context = scope.own(await this.#contextFor(embeds, rows, type, signal));
      const latents = scope.own(compute.empty(noise.dims, 'float32'));
      const previousX0 = scope.own(compute.empty(noise.dims, 'float32'));
      const modelInput = scope.own(compute.empty([rows, channels, height, width], type));
      const output = scope.own(compute.empty(modelInput.dims, type));
      compute.copyRows(noise, latents, 0);
      compute.modelInput(latents, modelInput);

      let computed: Promise<void> = Promise.resolve();
      for (const [index, step] of schedule.steps.entries()) {
        signal?.throwIfAborted();
        const features = timestepFeatures(schedule.timesteps[index] ?? 0, model.timestep);
        const timestep = scope.own(compute.upload(features, [1, features.length]));
        if (this.#precision.unet !== type) throw new NotFiniteError('unet', type);
        // Other work may have been done since the last step, and to save memory in the UNet's place.
        const unet = await this.#networks.unet(size, signal, type);
        await unet.run({ sample: modelInput, timestep, context }, { output });
        const state = { latents, previousX0, modelInput };
        compute.dpmSolverStep(step, guidanceScale, output, state, faults?.marks);
        await computed;
        computed = compute.idle();
        // After a stop nobody waits for it any more.
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

  /** One evaluation of the UNet: `sample` [b, …] in its type, one embedding [b, d] a row, the same timestep for all. */
  async predict(sample: DeviceTensor, timestep: number, embeds: DeviceTensor): Promise<DeviceTensor> {
    const [rows = 0, , height = 0, width = 0] = sample.dims;
    const type = this.#precision.unet;
    const scope = new Scope();
    try {
      const context = scope.own(await this.#contextFor(embeds, rows, type));
      const unet = await this.#networks.unet({ height, width }, undefined, type);
      const features = timestepFeatures(timestep, this.model.timestep);
      const encoded = scope.own(this.compute.upload(features, [1, features.length]));
      const output = scope.own(this.compute.empty(sample.dims, type));
      await unet.run({ sample, timestep: encoded, context }, { output });
      return scope.release(output);
    } finally {
      scope.dispose();
    }
  }

  /** Latents in float32 or the decoder's type to decoded pictures [b, 3, H, W] in -1…1, in the decoder's type. */
  async decodeLatents(latents: DeviceTensor, signal?: AbortSignal): Promise<DeviceTensor> {
    const [rows = 0, , height = 0, width = 0] = latents.dims;
    const size = { height, width };
    const type = this.#precision.decoder;
    this.#checkLimits('decoder', size, rows, type);
    const decoder = await this.#networks.decoder(size, signal, type);
    signal?.throwIfAborted();
    const scope = new Scope();
    try {
      let input = latents;
      if (latents.type !== type) {
        input = scope.own(this.compute.empty(latents.dims, type));
        this.compute.modelInput(latents, input);
      }
      const { image } = await decoder.run({ latents: input });
      if (!image) throw new RangeError('a decoder gives an image');
      return image;
    } finally {
      scope.dispose();
    }
  }

  /**
   * Latents in float32 or the decoder's type to 8-bit frames uint8 [b, H, W, 4].
   *
   * @param faults - where it is noted that the decoder's result is not finite: see `faults`
   */
  async decode(latents: DeviceTensor, signal?: AbortSignal, faults?: Faults): Promise<DeviceTensor> {
    const image = await this.decodeLatents(latents, signal);
    try {
      return this.compute.frameFromDecoded(image, faults?.marks);
    } finally {
      image.dispose();
    }
  }

  /**
   * Where `denoise` and `decode` note, on the device, that a network gave what is not finite. It is given to `read`
   * with the frames, so that looking costs no read-back of its own. The caller disposes it.
   */
  faults(): Faults {
    const marks = this.compute.empty([2], 'float32');
    return {
      marks,
      precision: this.#precision,
      dispose: () => {
        marks.dispose();
      },
    };
  }

  /**
   * A batch of frames, as pictures in memory; `extra` float tensors come along in the same read-back.
   *
   * @throws NotFiniteError where `faults` tells of a network
   */
  async read(
    frames: DeviceTensor,
    extra: readonly DeviceTensor[] = [],
    signal?: AbortSignal,
    faults?: Faults,
  ): Promise<{ pictures: Picture[]; extra: Float32Array<ArrayBuffer>[] }> {
    const [, height = 0, width = 0] = frames.dims;
    const marks = faults ? [faults.marks] : [];
    const [pixels, ...rest] = await this.compute.read([frames, ...extra, ...marks], signal);
    const found = faults && rest.pop();
    const network = found instanceof Float32Array ? faultyNetwork(found) : null;
    if (faults && network) throw new NotFiniteError(network, faults.precision[network]);
    const pictures: Picture[] = [];
    if (pixels instanceof Uint8ClampedArray) {
      for (let start = 0; start < pixels.length; start += 4 * width * height) {
        pictures.push({ width, height, data: pixels.slice(start, start + 4 * width * height) });
      }
    }
    return { pictures, extra: rest.filter((values) => values instanceof Float32Array) };
  }

  /** The context of a batch; where there are more rows than embeddings, the first are unconditional: an embedding of zeros. */
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
      const input = scope.own(this.compute.empty([rows, width], 'float32'));
      this.compute.copyRows(embeds, input, rows - given);
      const context = scope.own(this.compute.empty([rows, this.model.contextWidth], type));
      await network.run({ embeds: input }, { context });
      return scope.release(context);
    } finally {
      scope.dispose();
    }
  }

  /** Frees the networks; those that are needed again are loaded again. */
  async release(): Promise<void> {
    await this.#networks.release();
  }
}

export interface PipelineOptions {
  /** What networks compute in where an earlier run has found out that the device's own type does not do. */
  readonly precision?: Precision | undefined;
  /** Told when a network changes to float32. */
  readonly onPrecision?: ((precision: Precision) => void) | undefined;
  /**
   * Keeps only the networks of one stage in memory: encoding, denoising or decoding. Every stage of every frame then
   * loads its own, which takes time, and gives the same frames. Default false.
   */
  readonly lowMemory?: boolean;
}

export interface PrepareOptions {
  readonly signal?: AbortSignal;
  /** Told which network is being loaded, how many are ready, and of how many. */
  readonly onNetwork?: (name: string, done: number, of: number) => void;
}

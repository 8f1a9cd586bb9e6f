import type { LatentSize, NetworkPrecision } from '../base/index.ts';
import type { Compute, DeviceTensor, GuidanceTerms, NoiseKey } from '../compute/index.ts';
import type { Runtime } from '../runtime/index.ts';
import { Decoder } from './decoder.ts';
import { Denoiser } from './denoiser.ts';
import type { DenoiseOptions, DenoisingOptions, DenoisingStep } from './denoiser.ts';
import type { OverflowFlags } from './overflow.ts';
import { ImageEncoder } from './image-encoder.ts';
import { latentSizeOf } from './latents.ts';
import { Networks } from './networks.ts';
import type { DiffusionModel, ModelShape } from './networks.ts';
import { PrecisionControl } from './precision.ts';
import type { PrecisionOptions } from './precision.ts';
import { readBackFrames } from './read-frames.ts';
import type { FramesRead } from './read-frames.ts';
import { Scope } from './scope.ts';

export interface PipelineOptions extends PrecisionOptions {
  /**
   * Keeps only the networks of one stage (encode, denoise, decode) in memory. Each stage of each frame then loads its
   * networks again, which takes time; the frames are the same. Default false.
   */
  readonly lowMemory?: boolean;
}

export interface PrepareOptions {
  readonly signal?: AbortSignal;
  /**
   * Runs every network once at the end, because ONNX Runtime compiles shaders on first use: the first frame then starts at
   * once. Costs a step, a decoding and an encoding; ignored in low memory mode, where each stage reloads its networks.
   * Default false.
   */
  readonly warmUp?: boolean;
  /** Called with the network being loaded, the number of loaded ones, and the total. */
  readonly onNetwork?: (name: string, done: number, of: number) => void;
}

/**
 * Makes variants of pictures, one method for each stage: `encode`, `guide`, `noise`, `denoise`, `decode`. Tensors stay on
 * the device; the caller disposes results. The same code runs on GPU and CPU: `Compute` and `Runtime` hide the
 * difference.
 */
export class Pipeline {
  readonly compute: Compute;
  readonly model: ModelShape;
  readonly #limits: Pick<DiffusionModel, 'checkLimits' | 'decoderTile'>;
  readonly #lowMemory: boolean;
  readonly #networks: Networks;
  readonly #precision: PrecisionControl;
  readonly #imageEncoder: ImageEncoder;
  readonly #denoiser: Denoiser;
  readonly #decoder: Decoder;

  constructor(compute: Compute, runtime: Runtime, model: DiffusionModel, options: PipelineOptions = {}) {
    this.compute = compute;
    this.model = model;
    this.#limits = model;
    this.#lowMemory = options.lowMemory ?? false;
    this.#networks = new Networks(model, runtime, this.#lowMemory);
    this.#precision = new PrecisionControl(compute, options);
    this.#imageEncoder = new ImageEncoder(compute, model, this.#networks);
    this.#denoiser = new Denoiser(compute, model, this.#networks, this.#precision);
    this.#decoder = new Decoder(compute, model, this.#networks, this.#precision);
  }

  /** Current number types of the networks compiled by Drift. */
  get precision(): NetworkPrecision {
    return this.#precision.current;
  }

  /**
   * If `error` reports float16 overflow, schedules that network for float32 and returns true: retry. Retrying from the same
   * noise gives what float32 would have given.
   *
   * @param embeds float32 input of the UNet.
   * @throws ModelError `embedding-not-finite` if the embedding itself is not finite
   */
  fallBackToFloat32(error: unknown, embeds: DeviceTensor): Promise<boolean> {
    return this.#precision.fallBackToFloat32(error, embeds);
  }

  /**
   * Loads the networks for a picture size, largest first, so that a model that does not fit fails early. In low memory mode
   * each replaces the one before, and the last is the one that a frame starts with.
   *
   * @throws DeviceError `gpu-too-small` or `cpu-too-small`, before loading anything; ModelError `session-failed`, or what
   *   `checkImageEncoder` throws
   */
  async prepare(width: number, height: number, options: PrepareOptions = {}): Promise<void> {
    const { signal, onNetwork, warmUp = false } = options;
    this.checkSize(width, height);
    const size = this.latentSize(width, height);
    const context = ['context', () => this.#denoiser.load(size, 2, signal)] as const;
    const loads = [
      ['UNet', () => this.#denoiser.loadUnet(size, 2, signal)],
      ...(this.#lowMemory ? [context] : []),
      ['decoder', () => this.#decoder.load(size, 1, signal)],
      ['image encoder', () => this.#imageEncoder.load(signal)],
      ...(this.#lowMemory ? [] : [context]),
      ...(warmUp && !this.#lowMemory
        ? [['shaders', () => this.#warmUp(width, height, signal)] as const]
        : []),
    ] as const;
    for (const [index, [name, load]] of loads.entries()) {
      onNetwork?.(name, index, loads.length);
      await load();
    }
    onNetwork?.('', loads.length, loads.length);
  }

  /** Computes and discards a frame of one step: see `PrepareOptions.warmUp`. */
  async #warmUp(width: number, height: number, signal: AbortSignal | undefined): Promise<void> {
    const scope = new Scope();
    try {
      const embeds = scope.own(this.compute.empty([1, this.model.embeddingWidth], 'float32'));
      const noise = scope.own(this.noise([{ seed: 0, frame: 0, variant: 0 }], width, height));
      const latents = scope.own(await this.denoise({ embeds, noise, steps: 1, guidanceScale: 2, signal }));
      const frame = scope.own(await this.decode(latents, signal));
      signal?.throwIfAborted();
      scope.own(await this.encode(frame, signal));
      await this.compute.idle();
      signal?.throwIfAborted();
    } finally {
      scope.dispose();
    }
  }

  /**
   * Checks that the device can make a picture of this size with guidance.
   *
   * @throws DeviceError `gpu-too-small` or `cpu-too-small`; SettingsError `size-invalid`
   */
  checkSize(width: number, height: number): void {
    const size = this.latentSize(width, height);
    this.#limits.checkLimits('UNet', size, 2, this.#precision.typeOf('unet'));
    this.#limits.decoderTile(size, 1, this.#precision.typeOf('decoder'));
  }

  /**
   * Size of a picture's latents.
   *
   * @throws SettingsError `size-invalid` if a side is not a multiple of the model's latent scale
   */
  latentSize(width: number, height: number): LatentSize {
    return latentSizeOf(this.model.latentScale, width, height);
  }

  /** Encodes a picture uint8 [h, w, 4] or [1, h, w, 4] to its CLIP image embedding [1, d]. */
  encode(picture: DeviceTensor, signal?: AbortSignal): Promise<DeviceTensor> {
    return this.#imageEncoder.encode(picture, signal);
  }

  /** Encodes CLIP pixels [b, 3, s, s] to image embeddings [b, d]. */
  encodePixels(pixels: DeviceTensor): Promise<DeviceTensor> {
    return this.#imageEncoder.encodePixels(pixels);
  }

  /** CLIP guidance on embeddings [b, d]: see `Compute.clipGuidance`. */
  guide(embeds: DeviceTensor, terms: GuidanceTerms): { shifted: DeviceTensor; report: DeviceTensor } {
    return this.compute.clipGuidance(embeds, terms);
  }

  /** Noise [keys, latent channels, h/s, w/s] for pictures of this size. */
  noise(keys: readonly NoiseKey[], width: number, height: number): DeviceTensor {
    const size = this.latentSize(width, height);
    const noise = this.compute.empty(
      [keys.length, this.model.latentChannels, size.height, size.width],
      'float32',
    );
    this.compute.gaussianNoise(keys, noise);
    return noise;
  }

  /** See `Denoiser.denoise`. */
  denoise(options: DenoiseOptions): Promise<DeviceTensor> {
    return this.#denoiser.denoise(options);
  }

  /** See `Denoiser.denoising`. */
  denoising(options: DenoisingOptions): AsyncGenerator<DenoisingStep, void, undefined> {
    return this.#denoiser.denoising(options);
  }

  /** See `Denoiser.predict`. */
  predict(
    sample: DeviceTensor,
    timestep: number,
    embeds: DeviceTensor,
    halves: 1 | 2 = 1,
  ): Promise<DeviceTensor> {
    return this.#denoiser.predict(sample, timestep, embeds, halves);
  }

  /** See `Decoder.decodeLatents`. */
  decodeLatents(latents: DeviceTensor, signal?: AbortSignal): Promise<DeviceTensor> {
    return this.#decoder.decodeLatents(latents, signal);
  }

  /** See `Decoder.decode`. */
  decode(latents: DeviceTensor, signal?: AbortSignal, overflow?: OverflowFlags): Promise<DeviceTensor> {
    return this.#decoder.decode(latents, signal, overflow);
  }

  /**
   * Creates overflow flags, which `denoise` and `decode` set on the device if a network's output is not finite. Pass them
   * to `read` with the frames, so that checking costs no extra read-back. The caller disposes them.
   */
  overflowFlags(): OverflowFlags {
    const flags = this.compute.empty([2], 'float32');
    return {
      flags,
      precision: this.#precision.next(),
      dispose: () => {
        flags.dispose();
      },
    };
  }

  /** See `readBackFrames`. */
  read(
    frames: DeviceTensor,
    extra: readonly DeviceTensor[] = [],
    signal?: AbortSignal,
    overflow?: OverflowFlags,
  ): Promise<FramesRead> {
    return readBackFrames(this.compute, frames, extra, signal, overflow);
  }

  /** Frees the networks; they are loaded again on demand. */
  async release(): Promise<void> {
    await this.#networks.release();
  }
}

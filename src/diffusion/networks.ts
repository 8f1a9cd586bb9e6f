import { createQueue } from '../base/index.ts';
import type { LatentSize } from '../base/index.ts';
import type { ModelType } from '../compute/index.ts';
import type { OnnxModel, Runtime, Session } from '../runtime/index.ts';
import type { NoiseSchedule, TimestepEncoding } from './scheduler.ts';

/** Parameters of a model that the pipeline needs besides its networks. */
export interface ModelShape {
  readonly latentChannels: number;
  /** Pixels per latent, along a side. */
  readonly latentScale: number;
  readonly embeddingWidth: number;
  /** Length of one row of the context network's output. */
  readonly contextWidth: number;
  /** Side of the CLIP image tower's input, in pixels. */
  readonly clipSize: number;
  readonly timestep: TimestepEncoding;
  readonly schedule: NoiseSchedule;
  /** Linear map from latents to RGB: see `Compute.latentPreview`. */
  readonly previewFactors: readonly number[];
}

/** A model for the pipeline: its parameters, and its networks as ONNX, compiled for a size where they depend on it. */
export interface DiffusionModel extends ModelShape {
  imageEncoder(signal?: AbortSignal): Promise<OnnxModel>;
  /** Networks compiled by Drift use `type` for weights, inputs and outputs; default: the device's type. */
  context(signal?: AbortSignal, type?: ModelType): Promise<OnnxModel>;
  unet(size: LatentSize, signal?: AbortSignal, type?: ModelType): Promise<OnnxModel>;
  decoder(size: LatentSize, signal?: AbortSignal, type?: ModelType): Promise<OnnxModel>;
  /**
   * Checks that a network fits the device's limits for latents of this size.
   *
   * @param rows Number of latents per evaluation.
   * @param type The network's number type.
   * @throws DeviceError `gpu-too-small` or `cpu-too-small`
   */
  checkLimits(network: 'UNet' | 'decoder', size: LatentSize, rows: number, type?: ModelType): void;
  /**
   * The most that the device decodes at once of latents of this size: all rows, one of them, or a tile of one.
   *
   * @throws DeviceError `gpu-too-small` or `cpu-too-small` if it cannot decode a tile either
   */
  decoderTile(size: LatentSize, rows: number, type?: ModelType): LatentSize & { readonly rows: number };
}

export type NetworkName = 'image encoder' | 'context' | 'UNet' | 'decoder';

/** Stage in which each network is used; networks of one stage are needed together. */
const stages: Readonly<Record<NetworkName, 'encode' | 'denoise' | 'decode'>> = {
  'image encoder': 'encode',
  context: 'denoise',
  UNet: 'denoise',
  decoder: 'decode',
};

/**
 * Cache of a model's sessions, created on demand. UNet and decoder are kept for one picture size at a time, and all but
 * the image encoder for one number type. In low memory mode, loading a network releases those of the other stages.
 */
export class Networks {
  readonly #model: DiffusionModel;
  readonly #runtime: Runtime;
  readonly #lowMemory: boolean;
  readonly #sessions = new Map<NetworkName, { readonly key: string; readonly session: Session }>();
  /** Serialises creation and release, so that concurrent callers do not create a session twice. */
  readonly #queue = createQueue();

  constructor(model: DiffusionModel, runtime: Runtime, lowMemory = false) {
    this.#model = model;
    this.#runtime = runtime;
    this.#lowMemory = lowMemory;
  }

  imageEncoder(signal?: AbortSignal): Promise<Session> {
    return this.#session('image encoder', '', () => this.#model.imageEncoder(signal), signal);
  }

  context(signal?: AbortSignal, type?: ModelType): Promise<Session> {
    return this.#session('context', type ?? '', () => this.#model.context(signal, type), signal);
  }

  unet(size: LatentSize, signal?: AbortSignal, type?: ModelType): Promise<Session> {
    return this.#session('UNet', keyOf(size, type), () => this.#model.unet(size, signal, type), signal);
  }

  decoder(size: LatentSize, signal?: AbortSignal, type?: ModelType): Promise<Session> {
    return this.#session('decoder', keyOf(size, type), () => this.#model.decoder(size, signal, type), signal);
  }

  async #session(
    name: NetworkName,
    key: string,
    compile: () => Promise<OnnxModel>,
    signal: AbortSignal | undefined,
  ): Promise<Session> {
    const present = this.#sessions.get(name);
    if (present?.key === key) return present.session;
    return this.#queue.run(signal, async () => {
      const old = this.#sessions.get(name);
      if (old?.key === key) return old.session;
      // Release the old session first: two UNets of a large model do not fit side by side.
      await this.#release((other) => other === name || (this.#lowMemory && stages[other] !== stages[name]));
      const session = await this.#runtime.createSession(name, await compile(), signal);
      this.#sessions.set(name, { key, session });
      return session;
    });
  }

  /** Frees all sessions, including those being created. */
  release(): Promise<void> {
    return this.#queue.run(undefined, () => this.#release(() => true));
  }

  async #release(which: (name: NetworkName) => boolean): Promise<void> {
    const failures: unknown[] = [];
    for (const [name, { session }] of [...this.#sessions]) {
      if (!which(name)) continue;
      this.#sessions.delete(name);
      // A failure must not prevent the release of the others.
      await session.release().catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  }
}

function keyOf({ height, width }: LatentSize, type = ''): string {
  return `${height}x${width} ${type}`;
}

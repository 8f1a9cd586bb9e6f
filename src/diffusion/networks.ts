import { createQueue } from '../base/index.ts';
import type { LatentSize } from '../base/index.ts';
import type { ModelType } from '../compute/index.ts';
import type { OnnxModel, Runtime, Session } from '../runtime/index.ts';
import type { NoiseSchedule, TimestepEncoding } from './scheduler.ts';

/** What the pipeline has to know about a model beside its networks. */
export interface ModelShape {
  readonly latentChannels: number;
  /** Pixels to a latent, along a side. */
  readonly latentScale: number;
  readonly embeddingWidth: number;
  /** Length of one row of the context network's output. */
  readonly contextWidth: number;
  /** Side of the pictures that the CLIP image tower reads. */
  readonly clipSize: number;
  readonly timestep: TimestepEncoding;
  readonly schedule: NoiseSchedule;
  /** How latents look as colours, for previews: see `Compute.latentPreview`. */
  readonly previewFactors: readonly number[];
}

/** A model as the pipeline sees it: its shape, and its networks as ONNX, compiled for a size where they depend on it. */
export interface DiffusionModel extends ModelShape {
  imageEncoder(signal?: AbortSignal): Promise<OnnxModel>;
  /** The networks that are compiled here compute in `type`, inputs and outputs included; in the device's own without. */
  context(signal?: AbortSignal, type?: ModelType): Promise<OnnxModel>;
  unet(size: LatentSize, signal?: AbortSignal, type?: ModelType): Promise<OnnxModel>;
  decoder(size: LatentSize, signal?: AbortSignal, type?: ModelType): Promise<OnnxModel>;
  /**
   * Checks that the device can hold what a network needs for latents of this size.
   *
   * @param rows - how many of them it gets at once
   * @param type - what the network computes in
   * @throws DeviceError `gpu-too-small` or `cpu-too-small`
   */
  checkLimits(network: 'UNet' | 'decoder', size: LatentSize, rows: number, type?: ModelType): void;
  /**
   * What the device decodes at once of latents of this size: all rows, one of them, or a tile of one.
   *
   * @throws DeviceError `gpu-too-small` or `cpu-too-small` where it can decode no tile either
   */
  decoderPiece(size: LatentSize, rows: number, type?: ModelType): LatentSize & { readonly rows: number };
}

export type NetworkName = 'image encoder' | 'context' | 'UNet' | 'decoder';

/** What a frame is made with one after the other. Networks of one stage are needed together. */
const stages: Readonly<Record<NetworkName, 'encode' | 'denoise' | 'decode'>> = {
  'image encoder': 'encode',
  context: 'denoise',
  UNet: 'denoise',
  decoder: 'decode',
};

/**
 * The sessions of one model, made when they are first needed and kept until they are no longer the right ones:
 * UNet and decoder belong to one size of picture at a time, and all but the image encoder to one type. To save memory,
 * only those of one stage at a time are kept: then a session is good until a network of another stage is asked for.
 */
export class Networks {
  readonly #model: DiffusionModel;
  readonly #runtime: Runtime;
  readonly #lowMemory: boolean;
  readonly #sessions = new Map<NetworkName, { readonly key: string; readonly session: Session }>();
  /** Sessions are made and freed one at a time, or two callers would each make their own. */
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
      // The old one goes first: two UNets of a large model do not fit side by side.
      await this.#release((other) => other === name || (this.#lowMemory && stages[other] !== stages[name]));
      const session = await this.#runtime.createSession(name, await compile(), signal);
      this.#sessions.set(name, { key, session });
      return session;
    });
  }

  /** Frees all sessions, those in the making included. */
  release(): Promise<void> {
    return this.#queue.run(undefined, () => this.#release(() => true));
  }

  async #release(which: (name: NetworkName) => boolean): Promise<void> {
    const failures: unknown[] = [];
    for (const [name, { session }] of [...this.#sessions]) {
      if (!which(name)) continue;
      this.#sessions.delete(name);
      // One that cannot be freed must not keep the others.
      await session.release().catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  }
}

function keyOf({ height, width }: LatentSize, type = ''): string {
  return `${height}x${width} ${type}`;
}

import type { LatentSize } from '../base/index.ts';
import type { Compute, DeviceTensor, ModelType } from '../compute/index.ts';
import type { Session } from '../runtime/index.ts';
import type { Faults } from './faults.ts';
import { latentsAs } from './latents.ts';
import type { DiffusionModel, Networks } from './networks.ts';
import type { PrecisionControl } from './precision.ts';
import { Scope } from './scope.ts';

/** The VAE decoder: latents to pictures. */
export class Decoder {
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
   * @param rows - how many latents it gets at once
   * @throws DeviceError `gpu-too-small` or `cpu-too-small`, before anything is loaded
   */
  load(
    size: LatentSize,
    rows: number,
    signal?: AbortSignal,
  ): Promise<{ readonly session: Session; readonly type: ModelType }> {
    return this.#precision.load('decoder', async (type) => {
      this.#model.checkLimits('decoder', size, rows, type);
      return { session: await this.#networks.decoder(size, signal, type), type };
    });
  }

  /** Latents [b, …] in float32 or the decoder's type to pictures [b, 3, H, W] in -1…1, in the decoder's type. */
  async decodeLatents(latents: DeviceTensor, signal?: AbortSignal): Promise<DeviceTensor> {
    const [rows = 0, , height = 0, width = 0] = latents.dims;
    const { session, type } = await this.load({ height, width }, rows, signal);
    signal?.throwIfAborted();
    const scope = new Scope();
    try {
      const { image } = await session.run({ latents: latentsAs(type, latents, this.#compute, scope) });
      if (!image) throw new RangeError('a decoder gives an image');
      return image;
    } finally {
      scope.dispose();
    }
  }

  /**
   * Latents in float32 or the decoder's type to 8-bit frames uint8 [b, H, W, 4].
   *
   * @param faults - where it is noted that the decoder's result is not finite: see `Pipeline.faults`
   */
  async decode(latents: DeviceTensor, signal?: AbortSignal, faults?: Faults): Promise<DeviceTensor> {
    const image = await this.decodeLatents(latents, signal);
    try {
      return this.#compute.frameFromDecoded(image, faults?.marks);
    } finally {
      image.dispose();
    }
  }
}

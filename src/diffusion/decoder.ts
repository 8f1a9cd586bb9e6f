import type { LatentSize } from '../base/index.ts';
import type { Compute, DeviceTensor, ModelType } from '../compute/index.ts';
import type { Session } from '../runtime/index.ts';
import type { OverflowFlags } from './overflow.ts';
import { latentsAs } from './latents.ts';
import type { DiffusionModel, Networks } from './networks.ts';
import type { PrecisionControl } from './precision.ts';
import { Scope } from './scope.ts';
import { tilesAlong } from './tiles.ts';

/** The decoder's session, its number type, and how much it decodes at once. */
interface LoadedDecoder {
  readonly session: Session;
  readonly type: ModelType;
  readonly tile: LatentSize & { readonly rows: number };
}

async function imageOf(session: Session, latents: DeviceTensor): Promise<DeviceTensor> {
  const { image } = await session.run({ latents });
  if (!image) throw new RangeError('a decoder gives an image');
  return image;
}

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
   * Loads the decoder for as much of the latents as the device can decode at once: see `DiffusionModel.decoderTile`.
   *
   * @param rows Number of latents to decode together if the device can.
   * @throws DeviceError `gpu-too-small` or `cpu-too-small`, before loading anything
   */
  load(size: LatentSize, rows: number, signal?: AbortSignal): Promise<LoadedDecoder> {
    return this.#precision.load('decoder', async (type) => {
      const tile = this.#model.decoderTile(size, rows, type);
      return { session: await this.#networks.decoder(tile, signal, type), type, tile };
    });
  }

  /**
   * Decodes latents [b, …], float32 or the decoder's type, to pictures [b, 3, H, W] in -1…1 of the decoder's type. If the
   * device cannot decode them whole, decodes float32 latents in overlapping tiles, to float32.
   */
  async decodeLatents(latents: DeviceTensor, signal?: AbortSignal): Promise<DeviceTensor> {
    const [rows = 0, , height = 0, width = 0] = latents.dims;
    const decoder = await this.load({ height, width }, rows, signal);
    signal?.throwIfAborted();
    const { session, type, tile } = decoder;
    if (tile.rows < rows || tile.height < height || tile.width < width) {
      return this.#decodeInTiles(decoder, latents, signal);
    }
    const scope = new Scope();
    try {
      return await imageOf(session, latentsAs(type, latents, this.#compute, scope));
    } finally {
      scope.dispose();
    }
  }

  /** Decodes row by row and tile by tile, with one tile in the queue, so that a stop takes effect within a tile. */
  async #decodeInTiles(
    { session, type, tile }: LoadedDecoder,
    latents: DeviceTensor,
    signal: AbortSignal | undefined,
  ): Promise<DeviceTensor> {
    const compute = this.#compute;
    const scale = this.#model.latentScale;
    const [batch = 0, channels = 0, height = 0, width = 0] = latents.dims;
    const scope = new Scope();
    try {
      const pictures = scope.own(compute.empty([batch, 3, height * scale, width * scale], 'float32'));
      const input = scope.own(compute.empty([1, channels, tile.height, tile.width], type));
      for (let index = 0; index < batch; index++) {
        const row = new Scope();
        try {
          const source = row.own(compute.row(latents, index));
          const picture = row.own(compute.empty([1, 3, height * scale, width * scale], 'float32'));
          for (const down of tilesAlong(height, tile.height, scale)) {
            for (const across of tilesAlong(width, tile.width, scale)) {
              signal?.throwIfAborted();
              compute.cutTile(source, down.start, across.start, input);
              const image = await imageOf(session, input);
              try {
                compute.blendTile(image, picture, down.pixels, across.pixels);
              } finally {
                image.dispose();
              }
              await compute.idle();
            }
          }
          compute.copyRows(picture, pictures, index);
        } finally {
          row.dispose();
        }
      }
      return scope.release(pictures);
    } finally {
      scope.dispose();
    }
  }

  /**
   * Decodes latents, float32 or the decoder's type, to 8-bit frames uint8 [b, H, W, 4].
   *
   * @param overflow Overflow flags: see `Pipeline.overflowFlags`.
   */
  async decode(latents: DeviceTensor, signal?: AbortSignal, overflow?: OverflowFlags): Promise<DeviceTensor> {
    const image = await this.decodeLatents(latents, signal);
    try {
      return this.#compute.frameFromDecoded(image, overflow?.flags);
    } finally {
      image.dispose();
    }
  }
}

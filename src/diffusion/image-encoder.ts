import type { Compute, DeviceTensor } from '../compute/index.ts';
import type { Port, Session } from '../runtime/index.ts';
import type { ModelShape, Networks } from './networks.ts';
import { checkImageEncoder } from './towers.ts';

/** CLIP image tower: pictures to image embeddings. */
export class ImageEncoder {
  readonly #compute: Compute;
  readonly #model: ModelShape;
  readonly #networks: Networks;

  constructor(compute: Compute, model: ModelShape, networks: Networks) {
    this.#compute = compute;
    this.#model = model;
    this.#networks = networks;
  }

  /** @throws what `checkImageEncoder` throws if the network does not fit the model */
  async load(signal?: AbortSignal): Promise<{ session: Session; input: Port; output: Port }> {
    const session = await this.#networks.imageEncoder(signal);
    return { session, ...checkImageEncoder(session, this.#model) };
  }

  /** Encodes a picture uint8 [h, w, 4] or [1, h, w, 4] to its embedding [1, d]. */
  async encode(picture: DeviceTensor, signal?: AbortSignal): Promise<DeviceTensor> {
    const { input } = await this.load(signal);
    const pixels = this.#compute.clipPreprocess(
      picture,
      this.#model.clipSize,
      input.type === 'float16' ? 'float16' : 'float32',
    );
    try {
      return await this.encodePixels(pixels);
    } finally {
      pixels.dispose();
    }
  }

  /** Encodes CLIP pixels [b, 3, s, s] to embeddings [b, d]. */
  async encodePixels(pixels: DeviceTensor): Promise<DeviceTensor> {
    const { session, output } = await this.load();
    const type = output.type === 'float16' ? 'float16' : 'float32';
    // Our own tensor: those that ONNX Runtime allocates die with the session, which may be released first.
    const embeds = this.#compute.empty([pixels.dims[0] ?? 1, this.#model.embeddingWidth], type);
    try {
      const outputs = await session.run({ pixel_values: pixels }, { image_embeds: embeds });
      for (const other of Object.values(outputs)) if (other !== embeds) other.dispose();
      return embeds;
    } catch (error) {
      embeds.dispose();
      throw error;
    }
  }
}

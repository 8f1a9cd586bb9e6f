import type { NetworkPrecision } from '../base/index.ts';
import type { Compute, DeviceTensor, ModelType } from '../compute/index.ts';
import { NotFiniteError, embeddingNotFinite, isTooLargeForFloat16 } from './faults.ts';
import type { CheckedNetwork, WideningReason } from './faults.ts';

export interface PrecisionOptions {
  /** What networks compute in where an earlier run has found out that the device's own type does not do. */
  readonly precision?: NetworkPrecision | undefined;
  /** Called when a network changes to float32. */
  readonly onPrecision?: ((precision: NetworkPrecision, reason: WideningReason) => void) | undefined;
}

/**
 * The number type that each compiled network computes in: the device's own, until a weight or a result turns out to be
 * beyond float16's range; from then on float32.
 */
export class PrecisionControl {
  readonly #compute: Compute;
  readonly #onPrecision: PrecisionOptions['onPrecision'];
  #current: NetworkPrecision;
  /** Networks that have to change to float32, and have not been loaded so yet. */
  readonly #widening = new Map<CheckedNetwork, WideningReason>();

  constructor(compute: Compute, { precision, onPrecision }: PrecisionOptions) {
    this.#compute = compute;
    this.#onPrecision = onPrecision;
    const best = compute.modelType;
    const allowed = (type: ModelType = best) => (best === 'float16' ? type : best);
    this.#current = { unet: allowed(precision?.unet), decoder: allowed(precision?.decoder) };
  }

  /** What the networks compute in now. */
  get current(): NetworkPrecision {
    return this.#current;
  }

  /** What a network computes in the next time that it is used. */
  typeOf(network: CheckedNetwork): ModelType {
    return this.#widening.has(network) ? 'float32' : this.#current[network];
  }

  /** What all networks compute in the next time that they are used. */
  next(): NetworkPrecision {
    return { unet: this.typeOf('unet'), decoder: this.typeOf('decoder') };
  }

  /**
   * Marks the network that an error names for float32, and tells whether it is worth trying again what has failed.
   *
   * @param embeds - float32: what the UNet was given
   * @throws ModelError `embedding-not-finite` where the embedding itself is not finite
   */
  async widen(error: unknown, embeds: DeviceTensor): Promise<boolean> {
    if (!(error instanceof NotFiniteError)) return false;
    if (error.network === 'unet') {
      const [values] = await this.#compute.read([embeds]);
      if (!values?.every(Number.isFinite)) throw embeddingNotFinite();
    }
    if (error.type === 'float32') return false;
    // Another run that shares this pipeline may have come first.
    if (this.#current[error.network] !== 'float32') this.#widening.set(error.network, 'result');
    return true;
  }

  /**
   * Loads a network in the type that it computes in. Where that is float16 and one of its weights is beyond it, the
   * network computes in float32 from here on.
   *
   * @throws what `load` throws, in float32 where it has come to that: DeviceError `gpu-too-small`, for one
   */
  async load<T>(network: CheckedNetwork, load: (type: ModelType) => Promise<T>): Promise<T> {
    const type = this.typeOf(network);
    if (type === 'float16') {
      try {
        return await load(type);
      } catch (error) {
        if (!isTooLargeForFloat16(error)) throw error;
        this.#widening.set(network, 'weight');
      }
    }
    const reason = this.#widening.get(network);
    try {
      const loaded = await load('float32');
      if (reason && this.#current[network] !== 'float32') {
        this.#current = { ...this.#current, [network]: 'float32' };
        this.#onPrecision?.(this.#current, reason);
      }
      return loaded;
    } finally {
      // Where float32 does not fit, float16 may still do for other pictures, and must not be remembered as unusable.
      this.#widening.delete(network);
    }
  }
}

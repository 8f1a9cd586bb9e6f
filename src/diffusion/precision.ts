import type { NetworkPrecision } from '../base/index.ts';
import type { Compute, DeviceTensor, ModelType } from '../compute/index.ts';
import { NotFiniteError, embeddingNotFinite, isTooLargeForFloat16 } from './overflow.ts';
import type { CheckedNetwork, FallbackReason } from './overflow.ts';

export interface PrecisionOptions {
  /** Number types found necessary in an earlier run. */
  readonly precision?: NetworkPrecision | undefined;
  /** Called when a network falls back to float32. */
  readonly onPrecision?: ((precision: NetworkPrecision, reason: FallbackReason) => void) | undefined;
}

/**
 * Number type of each compiled network: the device's own, until a weight or an output overflows float16; float32 from
 * then on.
 */
export class PrecisionControl {
  readonly #compute: Compute;
  readonly #onPrecision: PrecisionOptions['onPrecision'];
  #current: NetworkPrecision;
  /** Networks scheduled for float32 and not yet loaded in it. */
  readonly #fallbacks = new Map<CheckedNetwork, FallbackReason>();

  constructor(compute: Compute, { precision, onPrecision }: PrecisionOptions) {
    this.#compute = compute;
    this.#onPrecision = onPrecision;
    const best = compute.modelType;
    const allowed = (type: ModelType = best) => (best === 'float16' ? type : best);
    this.#current = { unet: allowed(precision?.unet), decoder: allowed(precision?.decoder) };
  }

  /** Current number types. */
  get current(): NetworkPrecision {
    return this.#current;
  }

  /** Number type of the network's next use. */
  typeOf(network: CheckedNetwork): ModelType {
    return this.#fallbacks.has(network) ? 'float32' : this.#current[network];
  }

  /** Number types of all networks' next use. */
  next(): NetworkPrecision {
    return { unet: this.typeOf('unet'), decoder: this.typeOf('decoder') };
  }

  /**
   * If `error` reports float16 overflow, schedules that network for float32 and returns true: retry.
   *
   * @param embeds float32 input of the UNet.
   * @throws ModelError `embedding-not-finite` if the embedding itself is not finite
   */
  async fallBackToFloat32(error: unknown, embeds: DeviceTensor): Promise<boolean> {
    if (!(error instanceof NotFiniteError)) return false;
    if (error.network === 'unet') {
      const [values] = await this.#compute.read([embeds]);
      if (!values?.every(Number.isFinite)) throw embeddingNotFinite();
    }
    if (error.type === 'float32') return false;
    // Another run on this pipeline may have switched it already.
    if (this.#current[error.network] !== 'float32') this.#fallbacks.set(error.network, 'result');
    return true;
  }

  /**
   * Loads a network in its number type. If that is float16 and a weight overflows, falls back to float32.
   *
   * @throws what `load` throws, for example DeviceError `gpu-too-small` for the fallback
   */
  async load<T>(network: CheckedNetwork, load: (type: ModelType) => Promise<T>): Promise<T> {
    const type = this.typeOf(network);
    if (type === 'float16') {
      try {
        return await load(type);
      } catch (error) {
        if (!isTooLargeForFloat16(error)) throw error;
        this.#fallbacks.set(network, 'weight');
      }
    }
    const reason = this.#fallbacks.get(network);
    try {
      const loaded = await load('float32');
      if (reason && this.#current[network] !== 'float32') {
        this.#current = { ...this.#current, [network]: 'float32' };
        this.#onPrecision?.(this.#current, reason);
      }
      return loaded;
    } finally {
      // If float32 does not fit, the next picture is tried in float16 again, which may not overflow.
      this.#fallbacks.delete(network);
    }
  }
}

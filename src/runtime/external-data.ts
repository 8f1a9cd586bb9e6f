import { freeNow } from '../base/index.ts';
import type { LazyBytes, OnnxModel } from './types.ts';

/**
 * Lazy bytes in the one form in which ONNX Runtime Web reads external data without a copy of all of it.
 *
 * What is given as `externalData` is put aside as it is, provided that it is an `instanceof Uint8Array`. While a
 * session is made, each weight is looked up by its file: `byteLength` says whether it lies inside, then
 * `subarray(offset, offset + length)` gives its bytes, which are copied at once into WebAssembly's memory or into a
 * GPU buffer. (`LoadWebAssemblyExternalData` in onnxruntime/core/framework/external_data_loader.cc, the same in all
 * builds of 1.30; `tests/unit/runtime/external-data.test.ts` notices when a new version does it another way.) So an
 * empty array with these two of its own is a file of any length.
 */
class LazyUint8Array extends Uint8Array<ArrayBuffer> {
  readonly #lazy: LazyBytes;
  readonly #onFailure: (error: unknown) => void;
  #last: Uint8Array<ArrayBuffer> | null = null;

  constructor(lazy: LazyBytes, onFailure: (error: unknown) => void) {
    super(new ArrayBuffer(0));
    this.#lazy = lazy;
    this.#onFailure = onFailure;
  }

  override get byteLength(): number {
    return this.#lazy.byteLength;
  }

  override subarray(begin = 0, end = this.byteLength): Uint8Array<ArrayBuffer> {
    this.free();
    try {
      this.#last = this.#lazy.read(begin, end - begin);
      return this.#last;
    } catch (error) {
      this.#onFailure(error);
      throw error;
    }
  }

  /** Frees the bytes that were read last: they have been copied. */
  free(): void {
    if (this.#last) freeNow(this.#last);
    this.#last = null;
  }
}

/** External data for one session, and what went wrong while it was read. */
export interface ExternalData {
  readonly files: readonly { readonly path: string; readonly data: Uint8Array }[];
  /**
   * Throws what reading threw first, as it was: ONNX Runtime makes a number of it and says no more than that weights
   * could not be loaded.
   */
  throwFailure(): void;
  /** Frees what was read last, once the session is made or has failed. */
  free(): void;
}

/** The weights of a network as ONNX Runtime's `externalData`. */
export function externalData(weights: OnnxModel['weights']): ExternalData {
  const failures: unknown[] = [];
  const files = weights.map(({ location, data }) => ({
    path: location,
    data: data instanceof Uint8Array ? data : new LazyUint8Array(data, (error) => failures.push(error)),
  }));
  return {
    files,
    free() {
      for (const { data } of files) if (data instanceof LazyUint8Array) data.free();
    },
    throwFailure() {
      if (failures.length > 0) throw failures[0];
    },
  };
}

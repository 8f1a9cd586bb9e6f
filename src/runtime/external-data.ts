import { freeNow } from '../base/index.ts';
import type { LazyBytes, OnnxModel } from './types.ts';

/**
 * A lazily read file that ONNX Runtime Web accepts as external data without copying all of it.
 *
 * ONNX Runtime stores `externalData` as given if it is an `instanceof Uint8Array`. While creating a session, it looks up
 * each weight by its file: it checks the range against `byteLength`, then calls `subarray(offset, offset + length)` and
 * copies the result at once into WebAssembly memory or a GPU buffer (`LoadWebAssemblyExternalData` in
 * onnxruntime/core/framework/external_data_loader.cc, the same in all builds of 1.30;
 * `tests/unit/runtime/external-data.test.ts` detects changes in new versions). An empty array that overrides these two
 * members can therefore represent a file of any length.
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

  /** Frees the bytes read last, which have been copied. */
  free(): void {
    if (this.#last) freeNow(this.#last);
    this.#last = null;
  }
}

/** External data for one session, and the first failure of reading it. */
export interface ExternalData {
  readonly files: readonly { readonly path: string; readonly data: Uint8Array }[];
  /** Rethrows the first read error, which ONNX Runtime replaces by a generic message. Does nothing without one. */
  throwFailure(): void;
  /** Frees the bytes read last, after the session has been created or has failed. */
  free(): void;
}

/** Converts the weights of a network to ONNX Runtime's `externalData`. */
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

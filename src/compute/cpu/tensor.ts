import { elementCount, tensorError } from '../checks.ts';
import type { CpuTensor, DeviceTensor, ElementType } from '../types.ts';

type Data = CpuTensor['data'];

/** Tensor in memory. Reading `data` after `dispose` throws. */
export class MemoryTensor implements CpuTensor {
  readonly device = 'cpu';
  readonly dims: readonly number[];
  readonly type: ElementType;
  #data: Data | null;
  readonly #onDispose: () => void;

  constructor(data: Data, dims: readonly number[], onDispose: () => void) {
    this.dims = [...dims];
    this.type = data instanceof Float32Array ? 'float32' : 'uint8';
    this.#data = data;
    this.#onDispose = onDispose;
  }

  /** @throws DriftError `tensor-disposed` */
  get data(): Data {
    if (this.#data !== null) return this.#data;
    throw tensorError('tensor-disposed', 'A tensor was used after it had been disposed.', {
      dims: this.dims.join('×'),
    });
  }

  dispose(): void {
    if (this.#data === null) return;
    this.#data = null;
    this.#onDispose();
  }
}

/** View of the first rows of a tensor, which keeps ownership of the memory. */
export function cpuHeadOf(tensor: CpuTensor, dims: readonly number[]): CpuTensor {
  return {
    device: 'cpu',
    dims,
    type: tensor.type,
    get data() {
      return tensor.data.subarray(0, elementCount(dims));
    },
    dispose: () => undefined,
  };
}

/** Narrows to a tensor in memory. @throws DriftError `tensor-device` */
export function cpuTensor(tensor: DeviceTensor): CpuTensor {
  if (tensor.device === 'cpu') return tensor;
  throw tensorError('tensor-device', 'A tensor on the GPU was given to the CPU path.', {
    dims: tensor.dims.join('×'),
  });
}

/** @throws DriftError `tensor-device` or `tensor-type` */
export function floats(tensor: DeviceTensor): Float32Array<ArrayBuffer> {
  const { data } = cpuTensor(tensor);
  if (data instanceof Float32Array) return data;
  throw tensorError('tensor-type', 'Numbers were expected but the tensor holds pixels.', {
    dims: tensor.dims.join('×'),
  });
}

/** @throws DriftError `tensor-device` or `tensor-type` */
export function pixels(tensor: DeviceTensor): Uint8ClampedArray<ArrayBuffer> {
  const { data } = cpuTensor(tensor);
  if (data instanceof Uint8ClampedArray) return data;
  throw tensorError('tensor-type', 'Pixels were expected but the tensor holds numbers.', {
    dims: tensor.dims.join('×'),
  });
}

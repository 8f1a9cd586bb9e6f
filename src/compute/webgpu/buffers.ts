import { DeviceError } from '../../base/index.ts';
import { elementCount, tensorError } from '../checks.ts';
import type { DeviceTensor, ElementType, GpuTensor } from '../types.ts';

const elementBytes: Record<ElementType, number> = { float32: 4, float16: 2, uint8: 1 };

/** Size of a tensor's elements in bytes, without padding. */
export function byteLength(dims: readonly number[], type: ElementType): number {
  return elementCount(dims) * elementBytes[type];
}

/** Rounds up to `unit`: copies and bindings need multiples of 4 bytes; ONNX Runtime pads buffers to 16. */
export function alignUp(bytes: number, unit: 4 | 16): number {
  return Math.ceil(bytes / unit) * unit;
}

/** Tensor in a GPU buffer. Reading `buffer` after `dispose` throws. */
class BufferTensor implements GpuTensor {
  readonly device = 'webgpu';
  readonly dims: readonly number[];
  readonly type: ElementType;
  #buffer: GPUBuffer | null;
  readonly #onDispose: () => void;

  constructor(buffer: GPUBuffer, dims: readonly number[], type: ElementType, onDispose: () => void) {
    this.dims = [...dims];
    this.type = type;
    this.#buffer = buffer;
    this.#onDispose = onDispose;
  }

  /** @throws DriftError `tensor-disposed` */
  get buffer(): GPUBuffer {
    if (this.#buffer !== null) return this.#buffer;
    throw tensorError('tensor-disposed', 'A tensor was used after it had been disposed.', {
      dims: this.dims.join('×'),
    });
  }

  dispose(): void {
    if (this.#buffer === null) return;
    this.#buffer.destroy();
    this.#buffer = null;
    this.#onDispose();
  }
}

/** Allocates tensors and counts live ones. */
export class TensorAllocator {
  readonly #device: GPUDevice;
  #liveTensors = 0;

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  get liveTensors(): number {
    return this.#liveTensors;
  }

  /**
   * Allocates a tensor of zeros, with the buffer usages that ONNX Runtime requires.
   *
   * @throws DeviceError `tensor-too-large` if it exceeds the device's limits for buffers and bindings
   */
  allocate(dims: readonly number[], type: ElementType): GpuTensor {
    const size = alignUp(byteLength(dims, type), 16);
    const { maxBufferSize, maxStorageBufferBindingSize } = this.#device.limits;
    const limit = Math.min(maxBufferSize, maxStorageBufferBindingSize);
    if (size > limit) {
      throw new DeviceError('tensor-too-large', 'This needs a larger buffer than your GPU allows.', {
        remedy: 'Choose a smaller picture or a smaller batch.',
        details: { bytes: size, limit, dims: dims.join('×'), type },
      });
    }
    const buffer = this.#device.createBuffer({
      label: `${type} [${dims.join(', ')}]`,
      size,
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
    });
    this.#liveTensors++;
    return new BufferTensor(buffer, dims, type, () => {
      this.#liveTensors--;
    });
  }
}

/** View of the first rows of a tensor, which keeps ownership of the buffer. */
export function gpuHeadOf(tensor: GpuTensor, dims: readonly number[]): GpuTensor {
  return {
    device: 'webgpu',
    dims,
    type: tensor.type,
    get buffer() {
      return tensor.buffer;
    },
    dispose: () => undefined,
  };
}

/** Narrows to a tensor on the GPU. @throws DriftError `tensor-device` */
export function gpuTensor(tensor: DeviceTensor): GpuTensor {
  if (tensor.device === 'webgpu') return tensor;
  throw tensorError('tensor-device', 'A tensor in memory was given to the GPU path.', {
    dims: tensor.dims.join('×'),
  });
}

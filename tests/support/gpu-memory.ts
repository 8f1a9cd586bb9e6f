/** Counts GPU resources, including ONNX Runtime's, by wrapping the WebGPU API. */
export interface GpuWatch {
  /** Number of live buffers. */
  readonly buffers: number;
  /** Total bytes of live buffers. */
  readonly bytes: number;
  /** Number of `mapAsync` calls since the watch began. */
  readonly readBacks: number;
  /** Restores the API. */
  end(): void;
}

/** Starts counting buffers created from now on. */
export function watchGpu(): GpuWatch {
  const live = new Map<GPUBuffer, number>();
  let readBacks = 0;
  /* eslint-disable @typescript-eslint/unbound-method -- called with their own `this` below */
  const { createBuffer } = GPUDevice.prototype;
  const { destroy, mapAsync } = GPUBuffer.prototype;
  /* eslint-enable @typescript-eslint/unbound-method */
  GPUDevice.prototype.createBuffer = function (this: GPUDevice, descriptor) {
    const buffer = createBuffer.call(this, descriptor);
    live.set(buffer, descriptor.size);
    return buffer;
  };
  GPUBuffer.prototype.destroy = function (this: GPUBuffer) {
    live.delete(this);
    destroy.call(this);
    return undefined;
  };
  GPUBuffer.prototype.mapAsync = function (this: GPUBuffer, ...args) {
    readBacks++;
    return mapAsync.apply(this, args);
  };
  return {
    get buffers() {
      return live.size;
    },
    get bytes() {
      return [...live.values()].reduce((sum, size) => sum + size, 0);
    },
    get readBacks() {
      return readBacks;
    },
    end() {
      GPUDevice.prototype.createBuffer = createBuffer;
      GPUBuffer.prototype.destroy = destroy;
      GPUBuffer.prototype.mapAsync = mapAsync;
    },
  };
}

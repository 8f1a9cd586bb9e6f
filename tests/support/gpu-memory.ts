/** Counts what really happens on the GPU, ONNX Runtime's share included, by watching the API itself. */
export interface GpuWatch {
  /** Buffers created and neither destroyed nor lost with their device. */
  readonly buffers: number;
  /** Their bytes. */
  readonly bytes: number;
  /** Read-backs asked for since the watch began. */
  readonly readBacks: number;
  /** Puts the API back as it was. */
  end(): void;
}

/** Watches all buffers that are created from now on. */
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

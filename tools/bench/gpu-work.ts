/** Counters of the work submitted to the GPU, including ONNX Runtime's. */
export interface GpuWork {
  readonly dispatches: number;
  /** Bytes uploaded to buffers. */
  readonly uploaded: number;
  /** Bytes mapped for reading, and the number of `mapAsync` calls. */
  readonly readBack: number;
  readonly readBacks: number;
}

export interface GpuWorkMeter {
  /** Counters since the last call, or since the meter was created. */
  take(): GpuWork;
  /** Peak total size of live buffers, in bytes. */
  readonly peakBytes: number;
  /** Restores the API. */
  end(): void;
}

/** Starts counting the work of all GPU devices, by wrapping the WebGPU API. */
export function meterGpuWork(): GpuWorkMeter {
  let [dispatches, uploaded, readBack, readBacks] = [0, 0, 0, 0];
  const live = new Map<GPUBuffer, number>();
  let [bytes, peakBytes] = [0, 0];
  /* eslint-disable @typescript-eslint/unbound-method -- called with their own `this` below */
  const { dispatchWorkgroups, dispatchWorkgroupsIndirect } = GPUComputePassEncoder.prototype;
  const { writeBuffer } = GPUQueue.prototype;
  const { createBuffer } = GPUDevice.prototype;
  const { destroy, mapAsync } = GPUBuffer.prototype;
  /* eslint-enable @typescript-eslint/unbound-method */
  GPUComputePassEncoder.prototype.dispatchWorkgroups = function (...args) {
    dispatches++;
    dispatchWorkgroups.apply(this, args);
    return undefined;
  };
  GPUComputePassEncoder.prototype.dispatchWorkgroupsIndirect = function (...args) {
    dispatches++;
    dispatchWorkgroupsIndirect.apply(this, args);
    return undefined;
  };
  GPUQueue.prototype.writeBuffer = function (...args: Parameters<GPUQueue['writeBuffer']>) {
    const [, , data, start = 0, size] = args;
    // Offset and size count elements in typed arrays, and bytes in other buffers.
    const unit =
      'BYTES_PER_ELEMENT' in data && typeof data.BYTES_PER_ELEMENT === 'number' ? data.BYTES_PER_ELEMENT : 1;
    uploaded += size === undefined ? data.byteLength - start * unit : size * unit;
    writeBuffer.apply(this, args);
    return undefined;
  };
  GPUDevice.prototype.createBuffer = function (descriptor) {
    const buffer = createBuffer.call(this, descriptor);
    if (descriptor.mappedAtCreation) uploaded += descriptor.size;
    live.set(buffer, descriptor.size);
    bytes += descriptor.size;
    peakBytes = Math.max(peakBytes, bytes);
    return buffer;
  };
  GPUBuffer.prototype.destroy = function () {
    bytes -= live.get(this) ?? 0;
    live.delete(this);
    destroy.call(this);
    return undefined;
  };
  GPUBuffer.prototype.mapAsync = function (mode, offset, size) {
    if ((mode & GPUMapMode.READ) !== 0) {
      readBacks++;
      readBack += size ?? this.size - (offset ?? 0);
    }
    return mapAsync.call(this, mode, offset, size);
  };
  return {
    take() {
      const work = { dispatches, uploaded, readBack, readBacks };
      [dispatches, uploaded, readBack, readBacks] = [0, 0, 0, 0];
      return work;
    },
    get peakBytes() {
      return peakBytes;
    },
    end() {
      Object.assign(GPUComputePassEncoder.prototype, { dispatchWorkgroups, dispatchWorkgroupsIndirect });
      Object.assign(GPUQueue.prototype, { writeBuffer });
      Object.assign(GPUDevice.prototype, { createBuffer });
      Object.assign(GPUBuffer.prototype, { destroy, mapAsync });
    },
  };
}

import { PassTimestamps } from './timestamps.ts';

/** Number of compute passes that can be timed between two calls of `take`. */
const mostPasses = 2048;

/** Sums the GPU time of compute passes by timestamp queries, including those of ONNX Runtime. */
export interface GpuTimer {
  /**
   * Milliseconds that compute passes took since the last call or the start; null without timestamps, and if there were
   * too many passes to time.
   */
  take(): Promise<number | null>;
  /** Restores the API and frees the queries. */
  end(): void;
}

/** Starts timing the passes of the next device with `timestamp-query`, by wrapping the WebGPU API. */
export function timeGpu(): GpuTimer {
  let timestamps: PassTimestamps | null = null;
  let passes = 0;
  const deviceOf = new WeakMap<GPUCommandEncoder, GPUDevice>();
  /* eslint-disable @typescript-eslint/unbound-method -- called with their own `this` below */
  const { createCommandEncoder } = GPUDevice.prototype;
  const { beginComputePass } = GPUCommandEncoder.prototype;
  /* eslint-enable @typescript-eslint/unbound-method */
  GPUDevice.prototype.createCommandEncoder = function (descriptor) {
    const encoder = createCommandEncoder.call(this, descriptor);
    deviceOf.set(encoder, this);
    return encoder;
  };
  GPUCommandEncoder.prototype.beginComputePass = function (descriptor) {
    const device = deviceOf.get(this);
    if (device?.features.has('timestamp-query') && !descriptor?.timestampWrites) {
      timestamps ??= new PassTimestamps(device, mostPasses, createCommandEncoder);
      const pass = passes++;
      if (timestamps.device === device && pass < mostPasses) {
        return beginComputePass.call(this, { ...descriptor, timestampWrites: timestamps.writesOf(pass) });
      }
    }
    return beginComputePass.call(this, descriptor);
  };
  return {
    async take() {
      const count = passes;
      passes = 0;
      if (!timestamps || count > mostPasses) return null;
      return (await timestamps.read(count)).reduce((sum, milliseconds) => sum + milliseconds, 0);
    },
    end() {
      GPUDevice.prototype.createCommandEncoder = createCommandEncoder;
      GPUCommandEncoder.prototype.beginComputePass = beginComputePass;
      timestamps?.destroy();
    },
  };
}

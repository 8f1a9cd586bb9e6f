import { PassTimestamps, trackEncoders } from './timestamps.ts';

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
  const encoders = trackEncoders();
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its own `this` below
  const { beginComputePass } = GPUCommandEncoder.prototype;
  GPUCommandEncoder.prototype.beginComputePass = function (descriptor) {
    const device = encoders.deviceOf(this);
    if (device?.features.has('timestamp-query') && !descriptor?.timestampWrites) {
      timestamps ??= new PassTimestamps(device, mostPasses, encoders.createCommandEncoder);
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
      encoders.end();
      GPUCommandEncoder.prototype.beginComputePass = beginComputePass;
      timestamps?.destroy();
    },
  };
}

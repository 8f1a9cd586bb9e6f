/** Number of compute passes that can be timed between two calls of `take`. */
const mostPasses = 2048;
const bytesPerTimestamp = 8;

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

interface Queries {
  readonly device: GPUDevice;
  readonly set: GPUQuerySet;
  readonly resolved: GPUBuffer;
  readonly readable: GPUBuffer;
}

/** Starts timing the passes of the next device with `timestamp-query`, by wrapping the WebGPU API. */
export function timeGpu(): GpuTimer {
  let queries: Queries | null = null;
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
      queries ??= createQueries(device);
      const pass = passes++;
      if (queries.device === device && pass < mostPasses) {
        return beginComputePass.call(this, {
          ...descriptor,
          timestampWrites: {
            querySet: queries.set,
            beginningOfPassWriteIndex: 2 * pass,
            endOfPassWriteIndex: 2 * pass + 1,
          },
        });
      }
    }
    return beginComputePass.call(this, descriptor);
  };
  return {
    async take() {
      const count = passes;
      passes = 0;
      return queries && count <= mostPasses ? sum(queries, count, createCommandEncoder) : null;
    },
    end() {
      GPUDevice.prototype.createCommandEncoder = createCommandEncoder;
      GPUCommandEncoder.prototype.beginComputePass = beginComputePass;
      queries?.set.destroy();
      queries?.resolved.destroy();
      queries?.readable.destroy();
    },
  };
}

function createQueries(device: GPUDevice): Queries {
  const size = 2 * mostPasses * bytesPerTimestamp;
  return {
    device,
    set: device.createQuerySet({ type: 'timestamp', count: 2 * mostPasses }),
    resolved: device.createBuffer({ size, usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC }),
    readable: device.createBuffer({ size, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ }),
  };
}

/** Sum of the durations of `count` passes, in milliseconds. Timestamps count nanoseconds. */
async function sum(
  { device, set, resolved, readable }: Queries,
  count: number,
  createCommandEncoder: GPUDevice['createCommandEncoder'],
): Promise<number> {
  if (count === 0) return 0;
  const size = 2 * count * bytesPerTimestamp;
  const encoder = createCommandEncoder.call(device);
  encoder.resolveQuerySet(set, 0, 2 * count, resolved, 0);
  encoder.copyBufferToBuffer(resolved, 0, readable, 0, size);
  device.queue.submit([encoder.finish()]);
  await readable.mapAsync(GPUMapMode.READ, 0, size);
  const times = new BigUint64Array(readable.getMappedRange(0, size).slice(0));
  readable.unmap();
  let nanoseconds = 0n;
  for (let pass = 0; pass < count; pass++) {
    const [begin = 0n, end = 0n] = [times[2 * pass], times[2 * pass + 1]];
    // Zero where a pass wrote none; drivers may reorder the clock.
    if (end > begin) nanoseconds += end - begin;
  }
  return Number(nanoseconds) / 1e6;
}

const bytesPerTimestamp = 8;

/** Knows the device of every command encoder that is created from now on, by wrapping the WebGPU API. */
export function trackEncoders() {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its own `this` below
  const { createCommandEncoder } = GPUDevice.prototype;
  const deviceOf = new WeakMap<GPUCommandEncoder, GPUDevice>();
  GPUDevice.prototype.createCommandEncoder = function (descriptor) {
    const encoder = createCommandEncoder.call(this, descriptor);
    deviceOf.set(encoder, this);
    return encoder;
  };
  return {
    deviceOf: (encoder: GPUCommandEncoder) => deviceOf.get(encoder),
    /** The method as it was before. */
    createCommandEncoder,
    /** Restores the API. */
    end() {
      GPUDevice.prototype.createCommandEncoder = createCommandEncoder;
    },
  };
}

/** A set of timestamp queries, two for each timed compute pass. Whoever creates it destroys it. */
export class PassTimestamps {
  readonly device: GPUDevice;
  /** Number of passes that the set has room for. */
  readonly passes: number;
  readonly #set: GPUQuerySet;
  readonly #resolved: GPUBuffer;
  readonly #readable: GPUBuffer;
  /** Not wrapped by a meter, so that reading is not measured itself. */
  readonly #createCommandEncoder: GPUDevice['createCommandEncoder'];

  constructor(device: GPUDevice, passes: number, createCommandEncoder: GPUDevice['createCommandEncoder']) {
    const size = 2 * passes * bytesPerTimestamp;
    this.device = device;
    this.passes = passes;
    this.#createCommandEncoder = createCommandEncoder;
    this.#set = device.createQuerySet({ type: 'timestamp', count: 2 * passes });
    this.#resolved = device.createBuffer({
      size,
      usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC,
    });
    this.#readable = device.createBuffer({ size, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ });
  }

  /** Where the pass of this index writes its times. */
  writesOf(pass: number): GPUComputePassTimestampWrites {
    return {
      querySet: this.#set,
      beginningOfPassWriteIndex: 2 * pass,
      endOfPassWriteIndex: 2 * pass + 1,
    };
  }

  /** Durations of the first `count` passes, in milliseconds; 0 where a driver's clock ran backwards. */
  async read(count: number): Promise<number[]> {
    if (count === 0) return [];
    const size = 2 * count * bytesPerTimestamp;
    const encoder = this.#createCommandEncoder.call(this.device);
    encoder.resolveQuerySet(this.#set, 0, 2 * count, this.#resolved, 0);
    encoder.copyBufferToBuffer(this.#resolved, 0, this.#readable, 0, size);
    this.device.queue.submit([encoder.finish()]);
    await this.#readable.mapAsync(GPUMapMode.READ, 0, size);
    const nanoseconds = new BigUint64Array(this.#readable.getMappedRange(0, size).slice(0));
    this.#readable.unmap();
    return Array.from({ length: count }, (_, pass) => {
      const [begin = 0n, end = 0n] = [nanoseconds[2 * pass], nanoseconds[2 * pass + 1]];
      return end > begin ? Number(end - begin) / 1e6 : 0;
    });
  }

  destroy(): void {
    this.#set.destroy();
    this.#resolved.destroy();
    this.#readable.destroy();
  }
}

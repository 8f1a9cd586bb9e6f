import { PassTimestamps, trackEncoders } from './timestamps.ts';

/** Number of dispatches that one profile can have. */
const mostDispatches = 2048;

/** GPU time of all dispatches of one kernel with one number of workgroups. */
export interface KernelTime {
  /** Label of the shader: the name of ONNX Runtime's program, or of Drift's kernel. */
  readonly kernel: string;
  readonly workgroups: string;
  readonly calls: number;
  readonly ms: number;
}

export interface KernelProfiler {
  /**
   * Runs `work` with every dispatch in a compute pass of its own, and returns the GPU time by kernel, longest first; null
   * without timestamps, and if there were too many dispatches. Their sum is more than the time of the same work in few
   * passes, because dispatches of different passes do not overlap.
   */
  profile(work: () => Promise<void>): Promise<KernelTime[] | null>;
  /** Restores the API and frees the queries. */
  end(): void;
}

/** Prepares profiles of the next device with `timestamp-query`, by wrapping the WebGPU API. */
export function profileKernels(): KernelProfiler {
  let timestamps: PassTimestamps | null = null;
  /** Kernel and workgroups of each dispatch of the profile being made; null between profiles. */
  let dispatches: { readonly kernel: string; readonly workgroups: string }[] | null = null;
  const nameOf = new WeakMap<GPUComputePipeline, string>();
  const encoders = trackEncoders();
  /* eslint-disable @typescript-eslint/unbound-method -- called with their own `this` below */
  const { createComputePipeline, createComputePipelineAsync } = GPUDevice.prototype;
  const { beginComputePass } = GPUCommandEncoder.prototype;
  /* eslint-enable @typescript-eslint/unbound-method */
  const labelOf = ({ label, compute }: GPUComputePipelineDescriptor) => compute.module.label || label || '?';
  GPUDevice.prototype.createComputePipeline = function (descriptor) {
    const pipeline = createComputePipeline.call(this, descriptor);
    nameOf.set(pipeline, labelOf(descriptor));
    return pipeline;
  };
  GPUDevice.prototype.createComputePipelineAsync = async function (descriptor) {
    const pipeline = await createComputePipelineAsync.call(this, descriptor);
    nameOf.set(pipeline, labelOf(descriptor));
    return pipeline;
  };
  GPUCommandEncoder.prototype.beginComputePass = function (descriptor) {
    const device = encoders.deviceOf(this);
    if (!dispatches || !device?.features.has('timestamp-query')) {
      return beginComputePass.call(this, descriptor);
    }
    timestamps ??= new PassTimestamps(device, mostDispatches, encoders.createCommandEncoder);
    const [times, profiled] = [timestamps, dispatches];
    return onePassPerDispatch(descriptor?.label ?? '', (pipeline, workgroups) => {
      const index = profiled.push({ kernel: nameOf.get(pipeline) ?? pipeline.label, workgroups }) - 1;
      return beginComputePass.call(
        this,
        index < mostDispatches ? { timestampWrites: times.writesOf(index) } : undefined,
      );
    });
  };
  return {
    async profile(work) {
      const profiled: typeof dispatches = [];
      dispatches = profiled;
      try {
        await work();
      } finally {
        dispatches = null;
      }
      if (!timestamps || profiled.length > mostDispatches) return null;
      const times = await timestamps.read(profiled.length);
      const rows = new Map<string, KernelTime>();
      for (const [index, { kernel, workgroups }] of profiled.entries()) {
        const key = `${kernel} ${workgroups}`;
        const { calls, ms } = rows.get(key) ?? { calls: 0, ms: 0 };
        rows.set(key, { kernel, workgroups, calls: calls + 1, ms: ms + (times[index] ?? NaN) });
      }
      return [...rows.values()].sort((a, b) => b.ms - a.ms);
    },
    end() {
      encoders.end();
      Object.assign(GPUDevice.prototype, {
        createComputePipeline,
        createComputePipelineAsync,
      });
      GPUCommandEncoder.prototype.beginComputePass = beginComputePass;
      timestamps?.destroy();
    },
  };
}

/**
 * A stand-in for a compute pass that begins and ends a real pass for each dispatch.
 *
 * @param begin Begins the real pass of a dispatch.
 */
function onePassPerDispatch(
  label: string,
  begin: (pipeline: GPUComputePipeline, workgroups: string) => GPUComputePassEncoder,
): GPUComputePassEncoder {
  let pipeline: GPUComputePipeline | null = null;
  const groups = new Map<number, (pass: GPUComputePassEncoder) => void>();
  const dispatch = (workgroups: string, run: (pass: GPUComputePassEncoder) => void) => {
    if (!pipeline) throw new TypeError('a dispatch has a pipeline');
    const pass = begin(pipeline, workgroups);
    pass.setPipeline(pipeline);
    for (const set of groups.values()) set(pass);
    run(pass);
    pass.end();
    return undefined;
  };
  return {
    __brand: 'GPUComputePassEncoder',
    label,
    setPipeline(next: GPUComputePipeline) {
      pipeline = next;
      return undefined;
    },
    setBindGroup(
      index: number,
      group: GPUBindGroup | null | undefined,
      offsets: Iterable<number> = [],
      _start?: number,
      count?: number,
    ) {
      // With a count, the offsets are that many numbers within a larger array.
      if ((count ?? [...offsets].length) > 0) throw new TypeError('profiles have no dynamic offsets');
      groups.set(index, (pass) => {
        pass.setBindGroup(index, group);
      });
      return undefined;
    },
    dispatchWorkgroups: (x: number, y = 1, z = 1) => {
      dispatch(`${x}×${y}×${z}`, (pass) => {
        pass.dispatchWorkgroups(x, y, z);
      });
    },
    dispatchWorkgroupsIndirect: (buffer: GPUBuffer, offset: number) => {
      dispatch('indirect', (pass) => {
        pass.dispatchWorkgroupsIndirect(buffer, offset);
      });
    },
    end: () => undefined,
    pushDebugGroup: () => undefined,
    popDebugGroup: () => undefined,
    insertDebugMarker: () => undefined,
    setImmediates() {
      throw new TypeError('profiles have no immediate data');
    },
  };
}

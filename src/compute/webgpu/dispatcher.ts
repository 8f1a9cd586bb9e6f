import { mostLatentChannels } from '../../base/index.ts';
import type { ModelType } from '../types.ts';
import { padded } from './buffers.ts';
import type { KernelName, Pipelines } from './pipelines.ts';

/** A field of a kernel's `Params`, in the order of the WGSL struct. */
export type Field = readonly ['u32' | 'i32' | 'f32', number];
export const u32 = (value: number): Field => ['u32', value];
export const i32 = (value: number): Field => ['i32', value];
export const f32 = (value: number): Field => ['f32', value];

/** Room for the largest `Params`, those of latent_preview: rows of 16 bytes for its numbers, each channel and the bias. */
const paramsBytes = 16 * (1 + mostLatentChannels + 1);

function packParams(fields: readonly Field[]): ArrayBuffer {
  const view = new DataView(new ArrayBuffer(padded(4 * fields.length, 16)));
  for (const [index, [type, value]] of fields.entries()) {
    if (type === 'f32') view.setFloat32(4 * index, value, true);
    else if (type === 'i32') view.setInt32(4 * index, value, true);
    else view.setUint32(4 * index, value, true);
  }
  return view.buffer;
}

/** Size of the workgroups of kernels that compute one element (or block, or pixel) to an invocation. */
const elementsPerWorkgroup = 64;

/** Runs kernels, each as one submission to the device's queue. */
export class Dispatcher {
  readonly #gpu: GPUDevice;
  readonly #pipelines: Pipelines;
  /** One for all kernels: writes to it and dispatches that read it run in the order of the queue. */
  readonly #params: GPUBuffer;
  /** Bound where a kernel's tensors are left out; nothing reads what is written there. */
  readonly #unused: readonly GPUBuffer[];

  constructor(device: GPUDevice, pipelines: Pipelines) {
    this.#gpu = device;
    this.#pipelines = pipelines;
    this.#params = device.createBuffer({
      label: 'params',
      size: paramsBytes,
      usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    });
    // Two, because no buffer may be bound twice where a kernel writes.
    this.#unused = [0, 1].map((index) =>
      device.createBuffer({ label: `unused ${index}`, size: 16, usage: GPUBufferUsage.STORAGE }),
    );
  }

  /**
   * @param buffers - the kernel's bindings from 1 on; null, at most twice, for one that is left out
   * @param grid - how many workgroups, in one dimension or two
   */
  run(
    name: KernelName,
    type: ModelType,
    fields: readonly Field[],
    buffers: readonly (GPUBuffer | null)[],
    [x, y = 1]: readonly number[],
  ): void {
    const pipeline = this.#pipelines(name, type);
    this.#gpu.queue.writeBuffer(this.#params, 0, packParams(fields));
    const unused = this.#unused.values();
    const bound = buffers.map((buffer) => buffer ?? unused.next().value);
    const entries = [this.#params, ...bound].map((buffer, binding) => {
      if (!buffer) throw new RangeError(`${name} leaves out more than ${this.#unused.length} tensors`);
      return { binding, resource: { buffer } };
    });
    const layout = pipeline.getBindGroupLayout(0);
    const bindGroup = this.#gpu.createBindGroup({ label: name, layout, entries });
    const encoder = this.#gpu.createCommandEncoder({ label: name });
    const pass = encoder.beginComputePass({ label: name });
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bindGroup);
    pass.dispatchWorkgroups(x ?? 1, y);
    pass.end();
    this.#gpu.queue.submit([encoder.finish()]);
  }

  /** Workgroups for `count` workgroups' worth of work: a second dimension where one cannot count that far. */
  grid(count: number): readonly [number, number] {
    const x = Math.min(count, this.#gpu.limits.maxComputeWorkgroupsPerDimension);
    return [x, Math.ceil(count / x)];
  }

  /** Workgroups for kernels that compute one element to an invocation. */
  perElement(count: number): readonly [number, number] {
    return this.grid(Math.ceil(count / elementsPerWorkgroup));
  }

  dispose(): void {
    this.#params.destroy();
    for (const buffer of this.#unused) buffer.destroy();
  }
}

import { mostLatentChannels } from '../../base/index.ts';
import type { ModelType } from '../types.ts';
import { padded } from './buffers.ts';
import type { KernelName, Pipelines } from './pipelines.ts';

/** A field of a kernel's `Params` struct, in WGSL order. */
export type ParamField = readonly ['u32' | 'i32' | 'f32', number];
export const u32 = (value: number): ParamField => ['u32', value];
export const i32 = (value: number): ParamField => ['i32', value];
export const f32 = (value: number): ParamField => ['f32', value];

/** Size of the largest `Params`, that of latent_preview: 16 bytes each for its numbers, each channel and the bias. */
const paramsBytes = 16 * (1 + mostLatentChannels + 1);

function packParams(fields: readonly ParamField[]): ArrayBuffer {
  const view = new DataView(new ArrayBuffer(padded(4 * fields.length, 16)));
  for (const [index, [type, value]] of fields.entries()) {
    if (type === 'f32') view.setFloat32(4 * index, value, true);
    else if (type === 'i32') view.setInt32(4 * index, value, true);
    else view.setUint32(4 * index, value, true);
  }
  return view.buffer;
}

/** Workgroup size of kernels that compute one element, block or pixel per invocation. */
const elementsPerWorkgroup = 64;

/** Runs kernels, each as one submission to the queue. */
export class Dispatcher {
  readonly #gpu: GPUDevice;
  readonly #pipelines: Pipelines;
  /** Shared by all kernels: the queue orders writes and the dispatches that read them. */
  readonly #params: GPUBuffer;
  /** Placeholders for omitted bindings; their contents are never read. */
  readonly #unused: readonly GPUBuffer[];

  constructor(device: GPUDevice, pipelines: Pipelines) {
    this.#gpu = device;
    this.#pipelines = pipelines;
    this.#params = device.createBuffer({
      label: 'params',
      size: paramsBytes,
      usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    });
    // Two, because a writable buffer may not be bound twice.
    this.#unused = [0, 1].map((index) =>
      device.createBuffer({ label: `unused ${index}`, size: 16, usage: GPUBufferUsage.STORAGE }),
    );
  }

  /**
   * @param buffers Bindings from 1 on; null, at most twice, for an omitted one.
   * @param grid Number of workgroups, in one or two dimensions.
   */
  run(
    name: KernelName,
    type: ModelType,
    fields: readonly ParamField[],
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

  /** Grid of at least `count` workgroups, with a second dimension if one is too short. */
  grid(count: number): readonly [number, number] {
    const x = Math.min(count, this.#gpu.limits.maxComputeWorkgroupsPerDimension);
    return [x, Math.ceil(count / x)];
  }

  /** Grid for kernels that compute one element per invocation. */
  perElement(count: number): readonly [number, number] {
    return this.grid(Math.ceil(count / elementsPerWorkgroup));
  }

  dispose(): void {
    this.#params.destroy();
    for (const buffer of this.#unused) buffer.destroy();
  }
}

import type { ModelType } from '../types.ts';
import { kernels } from './kernels.ts';
import type { KernelName, KernelParams } from './kernels.ts';
import { packParams, paramsSize } from './params.ts';
import type { ParamValues } from './params.ts';
import type { Pipelines } from './pipelines.ts';

/** Size of the largest `Params`. */
const paramsBytes = Math.max(...Object.values(kernels).map(({ params }) => paramsSize(params)));

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
  run<N extends KernelName>(
    name: N,
    type: ModelType,
    params: ParamValues<KernelParams<N>>,
    buffers: readonly (GPUBuffer | null)[],
    [x, y = 1]: readonly number[],
  ): void {
    const pipeline = this.#pipelines(name, type);
    this.#gpu.queue.writeBuffer(this.#params, 0, packParams<KernelParams<N>>(kernels[name].params, params));
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

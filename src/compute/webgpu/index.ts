/** The operations between the networks as WGSL kernels on the user's GPU. */
import { DeviceError } from '../../base/index.ts';
import type { Compute, ModelType } from '../types.ts';
import { WebGpuCompute } from './compute.ts';
import { compilePipelines } from './pipelines.ts';

export { SoftwareGpuError, requestComputeDevice } from './device.ts';
export type { ComputeDevice } from './device.ts';

/**
 * The operations on a GPU, with all kernels compiled. The device stays its owner's.
 *
 * What goes wrong on the device while operations are queued (no memory, a driver's refusal) is thrown by the next
 * `read` or `idle`: DeviceError `out-of-memory`, `device-failed` or `device-lost`.
 *
 * @param modelType what the networks compute in; `float16` needs a device with `shader-f16`
 * @throws DeviceError `no-float16` when the device lacks it, `shader-failed` when a kernel does not compile
 */
export async function createWebGpuCompute(device: GPUDevice, modelType: ModelType): Promise<Compute> {
  if (modelType === 'float16' && !device.features.has('shader-f16')) {
    throw new DeviceError('no-float16', 'This GPU does not compute in float16.', {
      remedy: 'Run the model in float32.',
      details: { features: [...device.features].join(' ') },
    });
  }
  return new WebGpuCompute(device, modelType, await compilePipelines(device, modelType));
}

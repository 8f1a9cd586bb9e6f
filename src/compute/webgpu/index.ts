/** `Compute` as WGSL kernels. */
import { DeviceError } from '../../base/index.ts';
import type { Compute, ModelType } from '../types.ts';
import { WebGpuCompute } from './compute.ts';
import { compilePipelines } from './pipelines.ts';

export { SoftwareGpuError, requestComputeDevice } from './device.ts';
export type { ComputeDevice } from './device.ts';

/**
 * Compiles all kernels for a device and returns its `Compute`. The caller keeps ownership of the device.
 *
 * Errors of queued operations (out of memory, refused by the driver) are thrown by the next `read` or `idle`: DeviceError
 * `out-of-memory`, `device-failed` or `device-lost`.
 *
 * @param modelType Number type of the networks; `float16` needs a device with `shader-f16`.
 * @throws DeviceError `no-float16` if the device lacks it, `shader-failed` if a kernel does not compile
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

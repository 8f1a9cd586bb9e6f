import { createWebGpuCompute, requestComputeDevice } from '../../../src/compute/index.ts';
import type { Compute, ModelType } from '../../../src/compute/index.ts';

/** Operations on a device that only this test uses, so that it may be lost. */
export async function openCompute(modelType: ModelType): Promise<{ device: GPUDevice; compute: Compute }> {
  const { device } = await requestComputeDevice(navigator.gpu, { allowFloat16: modelType === 'float16' });
  return { device, compute: await createWebGpuCompute(device, modelType) };
}

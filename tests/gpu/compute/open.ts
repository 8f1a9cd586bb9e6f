import { createWebGpuCompute, requestComputeDevice } from '../../../src/compute/index.ts';
import type { Compute, ModelType } from '../../../src/compute/index.ts';

/** A device of the test's own, which it may lose, and the operations on it. */
export async function openCompute(modelType: ModelType): Promise<{ device: GPUDevice; compute: Compute }> {
  const { device } = await requestComputeDevice(navigator.gpu, { allowFloat16: modelType === 'float16' });
  return { device, compute: await createWebGpuCompute(device, modelType) };
}

/**
 * Operations between the neural networks, implemented twice behind the interface `Compute`: `webgpu/` runs WGSL kernels
 * on the user's GPU; `cpu/` is plain TypeScript, the oracle in tests and the fallback without a GPU.
 */
export { createCpuCompute } from './cpu/index.ts';
export { SoftwareGpuError, createWebGpuCompute, requestComputeDevice } from './webgpu/index.ts';
export type { ComputeDevice } from './webgpu/index.ts';
export type {
  Compute,
  CpuTensor,
  DeviceTensor,
  ElementType,
  GpuTensor,
  GuidanceTerms,
  ModelType,
  NoiseKey,
  SolverState,
  SolverStep,
  TileSpan,
} from './types.ts';

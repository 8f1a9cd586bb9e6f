/** Graph compiler: from a diffusers configuration and a checkpoint's header to an ONNX graph and a weight plan. */
export { cpuKernels } from './kernels.ts';
export type { Kernels } from './kernels.ts';
export type { CompiledGraph } from './builder.ts';
export { compileContext } from './context.ts';
export { identityModel } from './identity.ts';
export { checkOnnx, openOnnx } from './split.ts';
export { compileUnet } from './unet.ts';
export { contextWidth } from './unet-blocks.ts';
export { compileVaeDecoder } from './vae-decoder.ts';
export type { PlannedWeight, WeightPlan } from './weights.ts';

/** The graph compiler: from a diffusers configuration and the names in a checkpoint to an ONNX graph and a weight plan. */
export type { CompiledGraph } from './builder.ts';
export { identityModel } from './identity.ts';
export { checkOnnx, openOnnx } from './split.ts';
export { compileContext, compileUnet, contextWidth } from './unet.ts';
export { compileVaeDecoder } from './vae-decoder.ts';
export type { PlannedWeight, WeightPlan } from './weights.ts';

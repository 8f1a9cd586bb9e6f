/** From a model's URL to compiled networks: manifests, downloads, checkpoint readers, float16, graph compiler. */
export type { Manifest } from './manifest.ts';
export { createModel, targetFor } from './model.ts';
export type { Model, ModelParts, Target } from './model.ts';
export { checkProcessor, isTooSmall, largestSide } from './limits.ts';
export { networkGraphs } from './networks.ts';
export { identityModel } from './onnx/index.ts';
export { openModel } from './open.ts';
export type { FixedPrompts, OpenedModel, OpenOptions, TextTower } from './open.ts';
export * from './install/index.ts';

/** ONNX Runtime Web behind a small interface: sessions whose tensors stay on the GPU. Nothing else imports it. */
export { chooseBuild, loadOrt } from './load.ts';
export type { OrtOptions, OrtBuild, OrtModule, WasmSource } from './load.ts';
export { createRuntime } from './session.ts';
export type { LazyBytes, OnnxModel, Port, Runtime, Session, TokenTensor } from './types.ts';

/** ONNX Runtime Web behind a small interface: sessions whose tensors stay on the GPU. The only importer of the library. */
export { chooseBuild, loadOrt } from './load.ts';
export type { OrtOptions, OrtBuild, OrtModule, WasmSource } from './load.ts';
export { createRuntime } from './session.ts';
export type { LazyBytes, OnnxModel, Port, Runtime, Session, TokenTensor } from './types.ts';

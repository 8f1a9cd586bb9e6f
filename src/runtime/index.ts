/** ONNX Runtime Web behind a small interface: sessions whose tensors stay on the GPU. Nothing else imports it. */
export type { OnnxModel, Port, Runtime, Session } from './types.ts';

import type { DeviceTensor, ElementType } from '../compute/index.ts';

/** Input or output of a session. Dimensions that the graph leaves open are null. */
export interface Port {
  readonly name: string;
  readonly type: ElementType | 'int64';
  readonly dims: readonly (number | null)[];
}

/** Tokens for a text encoder, the only inputs that are not floats. In memory. */
export interface TokenTensor {
  readonly device: 'memory';
  readonly type: 'int64';
  readonly dims: readonly number[];
  readonly data: BigInt64Array<ArrayBuffer>;
}

/** A read-only file whose parts are produced when they are read. */
export interface LazyBytes {
  readonly byteLength: number;
  /**
   * Reads exactly `length` bytes from `offset`, synchronously. The reader owns them, and frees them after copying.
   *
   * @throws any error; loading the network then fails with it
   */
  read(offset: number, length: number): Uint8Array<ArrayBuffer>;
}

/** ONNX model for the runtime: the graph and its external weights. */
export interface OnnxModel {
  readonly graph: Uint8Array<ArrayBuffer>;
  /** External data by its `location` in the graph. */
  readonly weights: readonly {
    readonly location: string;
    readonly data: Uint8Array<ArrayBuffer> | LazyBytes;
  }[];
}

/** A loaded network. On the GPU, inputs and outputs are GPU buffers, with no read-back. */
export interface Session {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /**
   * Runs the network. Tensors in `outputs` are written in place. Other outputs are allocated; the caller disposes them
   * before releasing the session, which owns their memory.
   *
   * @throws DeviceError `run-failed` with types and dims of the inputs
   */
  run(
    inputs: Readonly<Record<string, DeviceTensor | TokenTensor>>,
    outputs?: Readonly<Record<string, DeviceTensor>>,
  ): Promise<Record<string, DeviceTensor>>;
  /** Frees the weights. Idempotent. */
  release(): Promise<void>;
}

/** Creates sessions on one device. */
export interface Runtime {
  readonly liveSessions: number;
  /** @throws ModelError `session-failed` if ONNX Runtime refuses the graph; what reading lazy weights throws */
  createSession(name: string, model: OnnxModel, signal?: AbortSignal): Promise<Session>;
}

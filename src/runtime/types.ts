import type { DeviceTensor, ElementType } from '../compute/index.ts';

/** What a session expects or gives under one name. A dimension that the graph leaves open is null. */
export interface Port {
  readonly name: string;
  readonly type: ElementType | 'int64';
  readonly dims: readonly (number | null)[];
}

/** Tokens for a text encoder: the one kind of input that is not made of floats. It lies in memory. */
export interface TokenTensor {
  readonly device: 'memory';
  readonly type: 'int64';
  readonly dims: readonly number[];
  readonly data: BigInt64Array<ArrayBuffer>;
}

/** A file that is never there as a whole: each part is made when it is read. */
export interface LazyBytes {
  readonly byteLength: number;
  /**
   * Exactly `length` bytes from `offset`, now. They are not kept here, and the reader keeps them only while it copies.
   *
   * @throws what making them throws; whoever loads the network hears that error
   */
  read(offset: number, length: number): Uint8Array<ArrayBuffer>;
}

/** An ONNX model as it is handed to the runtime: the graph, and the weights that lie outside it. */
export interface OnnxModel {
  readonly graph: Uint8Array<ArrayBuffer>;
  /** External data by the `location` that the graph names. */
  readonly weights: readonly {
    readonly location: string;
    readonly data: Uint8Array<ArrayBuffer> | LazyBytes;
  }[];
}

/** A loaded network. On the GPU its inputs and outputs are GPU buffers and nothing is read back. */
export interface Session {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /**
   * Runs the network. Tensors in `outputs` are written in place; any output not named there is allocated
   * and belongs to the caller, who disposes it before the session is released: its memory goes with the session.
   *
   * @throws DeviceError `run-failed` with the dims and types of what was fed.
   */
  run(
    inputs: Readonly<Record<string, DeviceTensor | TokenTensor>>,
    outputs?: Readonly<Record<string, DeviceTensor>>,
  ): Promise<Record<string, DeviceTensor>>;
  /** Frees the weights. Idempotent. */
  release(): Promise<void>;
}

/** Makes sessions on one device. */
export interface Runtime {
  readonly liveSessions: number;
  /**
   * @throws ModelError `session-failed` when ONNX Runtime refuses the graph, or what reading lazy weights throws.
   */
  createSession(name: string, model: OnnxModel, signal?: AbortSignal): Promise<Session>;
}

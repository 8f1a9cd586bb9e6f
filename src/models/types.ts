export type { ByteSource } from '../formats/index.ts';

/** Element types of checkpoints that Drift reads. */
export type StoredType = 'float64' | 'float32' | 'float16' | 'bfloat16';

/** Header entry of a tensor in a checkpoint. */
export interface TensorEntry {
  readonly name: string;
  readonly dims: readonly number[];
  readonly type: StoredType;
}

/** A tensor's values in a file, readable in parts. Offsets and lengths are in bytes of its values. */
export interface StoredTensor {
  readonly byteLength: number;
  /**
   * Byte range of the file that covers this part of the values, including what is needed to locate them. If that range is
   * available, `read` needs nothing else, except one header that later parts share.
   */
  range(offset: number, length: number): { readonly begin: number; readonly end: number };
  /** Reads this part of the values, little-endian. */
  read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
}

/** A weight file with validated header. Values are read tensor by tensor, on demand. */
export interface Checkpoint {
  readonly name: string;
  /** Float tensors by name; other types (step counters, position ids) are not listed. */
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  /**
   * Reads a tensor's values in row-major order, converted to float32.
   *
   * @throws CheckpointError `tensor-missing`, or `truncated` if the file ends early
   */
  read(name: string, signal?: AbortSignal): Promise<Float32Array<ArrayBuffer>>;
  /** Synchronous `read`, if the file's source supports it. The caller owns the results of both. */
  readonly readSync?: (name: string) => Float32Array<ArrayBuffer>;
  /**
   * Location of a tensor in the file; null if it can only be read whole, because it is compressed, strided or big-endian.
   *
   * @throws CheckpointError `tensor-missing`
   */
  stored?(name: string): StoredTensor | null;
}

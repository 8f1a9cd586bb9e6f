export type { ByteSource } from '../formats/index.ts';

/** Element types found in checkpoints that Drift reads. */
export type StoredType = 'float64' | 'float32' | 'float16' | 'bfloat16';

/** One tensor of a checkpoint, by its header alone. */
export interface TensorEntry {
  readonly name: string;
  readonly dims: readonly number[];
  readonly type: StoredType;
}

/** A tensor's values as they lie in a file, for reading them in pieces. Offsets and lengths are bytes of its values. */
export interface StoredTensor {
  readonly byteLength: number;
  /**
   * Where in the file these of its bytes are, with what has to be read to find them: once all of that is at hand, `read`
   * asks for nothing else, except for one header in front of the values that later pieces need.
   */
  range(offset: number, length: number): { readonly begin: number; readonly end: number };
  /** These bytes, little-endian. */
  read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
}

/** A weight file whose header has been read and checked. Values are read tensor by tensor, on demand. */
export interface Checkpoint {
  readonly name: string;
  /** Float tensors by name; tensors of other types (step counters, position ids) are not listed. */
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  /**
   * One tensor's values in row-major order, widened (or narrowed, from float64) to float32.
   *
   * @throws CheckpointError `tensor-missing`, or `truncated` when the file ends early.
   */
  read(name: string, signal?: AbortSignal): Promise<Float32Array<ArrayBuffer>>;
  /** The same at once, where the file's source can. Either way, what is read belongs to the caller. */
  readonly readSync?: (name: string) => Float32Array<ArrayBuffer>;
  /**
   * How a tensor lies in the file; null for one that can only be read whole, because it is compressed, strided or
   * big-endian.
   *
   * @throws CheckpointError `tensor-missing`
   */
  stored?(name: string): StoredTensor | null;
}

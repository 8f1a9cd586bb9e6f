import { memorySource } from '../../../src/models/source.ts';
import { openSafetensors } from '../../../src/models/checkpoint/index.ts';
import type { Checkpoint, TensorEntry } from '../../../src/models/types.ts';
import { safetensorsFile } from '../safetensors-file.ts';

/** Parameters of a network: names and shapes declared by its layers, and their values. */
export class Parameters {
  readonly shapes = new Map<string, readonly number[]>();
  readonly #values = new Map<string, Float64Array>();
  #provided: ((name: string) => ArrayLike<number>) | null = null;
  /** Receives the residual streams after each block, and each row of attention logits. */
  onActivations: (what: 'stream' | 'logits', values: Float64Array) => void = () => undefined;

  /** Declares a tensor of a layer. Returns a getter of its values. */
  declare(name: string, dims: readonly number[]): () => Float64Array {
    if (this.shapes.has(name)) throw new Error(`${name} is declared twice`);
    this.shapes.set(name, dims);
    return () => this.value(name);
  }

  value(name: string): Float64Array {
    const values = this.#values.get(name);
    if (values) return values;
    if (!this.#provided) throw new Error(`${name} has no values`);
    return new Float64Array(this.#provided(name));
  }

  /** Generates values that were not set on each access, without caching: networks may be larger than memory. */
  provide(make: (name: string) => ArrayLike<number>): this {
    this.#provided = make;
    return this;
  }

  set(name: string, values: ArrayLike<number>): void {
    const dims = this.shapes.get(name);
    if (!dims || count(dims) !== values.length) throw new Error(`${values.length} values for ${name}`);
    this.#values.set(name, Float64Array.from(values));
  }

  /** Total number of parameters. */
  get size(): number {
    return [...this.shapes.values()].reduce((sum, dims) => sum + count(dims), 0);
  }

  /**
   * Sets random values that float32 represents exactly: weights small enough to keep activations in scale, factors of
   * norms around 1, biases in ±0.3.
   */
  randomise(seed: number): this {
    const random = uniform(seed);
    for (const [name, dims] of this.shapes) {
      const fanIn = count(dims.slice(1));
      const value = dims.length > 1 ? () => Math.sqrt(3 / fanIn) * random() : () => 0.3 * random();
      const middle = dims.length === 1 && name.endsWith('.weight') ? 1 : 0;
      this.set(
        name,
        Float32Array.from({ length: count(dims) }, () => middle + value()),
      );
    }
    return this;
  }

  /** Float32 safetensors file of all tensors. */
  file(): Uint8Array<ArrayBuffer> {
    return safetensorsFile(
      [...this.shapes].map(([name, shape]) => ({
        name,
        dtype: 'F32',
        shape,
        data: new Uint8Array(Float32Array.from(this.value(name)).buffer),
      })),
    );
  }

  /** The same file, opened as a checkpoint. */
  checkpoint(name = 'weights.safetensors'): Promise<Checkpoint> {
    return openSafetensors(memorySource(name, this.file()));
  }

  /** Checkpoint with a header only: reading a tensor fails. */
  header(name = 'weights.safetensors'): Checkpoint {
    return {
      name,
      tensors: new Map(
        [...this.shapes].map(([tensor, dims]): [string, TensorEntry] => [
          tensor,
          { name: tensor, dims, type: 'float32' },
        ]),
      ),
      read: (tensor) => Promise.reject(new Error(`${tensor} was read`)),
    };
  }
}

/** Number of elements of a shape. */
export function count(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}

/** Seeded uniform random numbers in -1…1 (mulberry32). */
export function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let word = Math.imul(state ^ (state >>> 15), state | 1);
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
    return ((word ^ (word >>> 14)) >>> 0) / 2 ** 31 - 1;
  };
}

/** Uniform float32 values with a standard deviation of 1. */
export function randomValues(seed: number, length: number): Float32Array<ArrayBuffer> {
  const random = uniform(seed);
  return Float32Array.from({ length }, () => Math.sqrt(3) * random());
}

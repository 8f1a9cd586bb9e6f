import { CheckpointError } from '../../base/index.ts';
import type { Checkpoint } from '../types.ts';

/** Sources of a packed weight, and how they are transformed. */
export interface WeightSource {
  /** Tensors of the checkpoint, stacked along their first dimension. */
  readonly tensors: readonly string[];
  /** Shape of the stacked matrix [rows, columns] before `transpose`. */
  readonly rows: number;
  readonly columns: number;
  /** Stores [columns, rows], as MatMul expects a linear layer's [out, in]. */
  readonly transpose: boolean;
  /** Factor on all values. */
  readonly scale: number;
  /** Another factor, on the first rows. */
  readonly first: RowScale | null;
}

/** A factor on the first rows of a matrix, or the first elements of a vector. */
export interface RowScale {
  readonly rows: number;
  readonly scale: number;
}

/** A tensor of the checkpoint, with its required shape. */
export interface WeightPart {
  readonly tensor: string;
  readonly dims: readonly number[];
}

/** Transformation between checkpoint and packed file. */
export interface WeightChange {
  /** Stores a matrix [rows, columns] as [columns, rows]. */
  readonly transpose?: boolean;
  /** Factor on all values. */
  readonly scale?: number;
  /** Another factor, on the first rows of the checkpoint's matrix. */
  readonly first?: RowScale;
}

/** A weight's position in the packed file. */
export interface PlannedWeight {
  readonly name: string;
  readonly dims: readonly number[];
  readonly offset: number;
  readonly byteLength: number;
  readonly source: WeightSource;
}

/** Layout of a packed weight file, derived from the graph before any value is read. */
export interface WeightPlan {
  /** The file's `location` in the graph. */
  readonly location: string;
  readonly type: 'float16' | 'float32';
  readonly byteLength: number;
  readonly weights: readonly PlannedWeight[];
}

/** Alignment of weights in bytes. */
const alignment = 64;

const elements = (dims: readonly number[]) => dims.reduce((product, dim) => product * dim, 1);

/** Collects the weights of a graph, checking each against the checkpoint's header. */
export class WeightPlanner {
  readonly #checkpoint: Pick<Checkpoint, 'name' | 'tensors'>;
  readonly #location: string;
  readonly #type: 'float16' | 'float32';
  readonly #weights = new Map<string, PlannedWeight>();
  #end = 0;

  constructor(
    checkpoint: Pick<Checkpoint, 'name' | 'tensors'>,
    location: string,
    type: 'float16' | 'float32',
  ) {
    this.#checkpoint = checkpoint;
    this.#location = location;
    this.#type = type;
  }

  /** True if the checkpoint has this tensor. */
  has(tensor: string): boolean {
    return this.#checkpoint.tensors.has(tensor);
  }

  /**
   * Plans a weight and returns its position.
   *
   * @param name Name in the graph.
   * @param dims Shape in the graph.
   * @param parts Tensors of the checkpoint with their required shapes; trailing ones are ignored, because 1×1 convolutions
   *   may be stored as matrices and vice versa.
   * @throws CheckpointError `tensor-missing` or `tensor-shape`
   */
  add(
    name: string,
    dims: readonly number[],
    parts: readonly WeightPart[],
    change: WeightChange = {},
  ): { location: string; offset: number; length: number } {
    for (const part of parts) this.#check(part.tensor, part.dims);
    const rows = parts.reduce((sum, part) => sum + (part.dims[0] ?? 1), 0);
    const offset = Math.ceil(this.#end / alignment) * alignment;
    const length = elements(dims) * (this.#type === 'float16' ? 2 : 4);
    this.#end = offset + length;
    this.#weights.set(name, {
      name,
      dims,
      offset,
      byteLength: length,
      source: {
        tensors: parts.map((part) => part.tensor),
        rows,
        columns: elements(dims) / rows,
        transpose: change.transpose ?? false,
        scale: change.scale ?? 1,
        first: change.first ?? null,
      },
    });
    return { location: this.#location, offset, length };
  }

  #check(tensor: string, expected: readonly number[]): void {
    const entry = this.#checkpoint.tensors.get(tensor);
    const about = { file: this.#checkpoint.name, tensor, expected: `[${expected.join(', ')}]` };
    if (!entry) {
      throw new CheckpointError('tensor-missing', `${this.#checkpoint.name} lacks the tensor ${tensor}.`, {
        remedy:
          'The file does not belong to this configuration, or is not complete. Get both from the same place again.',
        details: about,
      });
    }
    if (withoutTrailingOnes(entry.dims) !== withoutTrailingOnes(expected)) {
      throw new CheckpointError(
        'tensor-shape',
        `${tensor} in ${this.#checkpoint.name} is [${entry.dims.join(', ')}], but the configuration asks for [${expected.join(', ')}].`,
        {
          remedy:
            'The weights and the configuration belong to different models. Get both from the same place again.',
          details: { ...about, found: `[${entry.dims.join(', ')}]` },
        },
      );
    }
  }

  plan(): WeightPlan {
    return {
      location: this.#location,
      type: this.#type,
      byteLength: this.#end,
      weights: [...this.#weights.values()],
    };
  }
}

function withoutTrailingOnes(dims: readonly number[]): string {
  const kept = [...dims];
  while (kept.length > 1 && kept.at(-1) === 1) kept.pop();
  return kept.join('×');
}

import { CheckpointError } from '../../base/index.ts';
import type { Checkpoint } from '../types.ts';

/** Where the values of one packed weight come from, and what is done to them on the way. */
export interface WeightSource {
  /** Tensors of the checkpoint, stacked along their first dimension. */
  readonly tensors: readonly string[];
  /** What they amount to as a matrix of rows [rows, columns] before `transpose`. */
  readonly rows: number;
  readonly columns: number;
  /** Store [columns, rows]: what MatMul wants of a linear layer's [out, in]. */
  readonly transpose: boolean;
  /** Factor on all values. */
  readonly scale: number;
}

/** A tensor of the checkpoint, and the shape that it must have. */
export interface WeightPart {
  readonly tensor: string;
  readonly dims: readonly number[];
}

/** What is done to values between checkpoint and packed file. */
export interface WeightChange {
  /** Store a matrix [rows, columns] as [columns, rows]. */
  readonly transpose?: boolean;
  /** Factor on all values. */
  readonly scale?: number;
}

/** One weight's place in the packed file. */
export interface PlannedWeight {
  readonly name: string;
  readonly dims: readonly number[];
  readonly offset: number;
  readonly byteLength: number;
  readonly source: WeightSource;
}

/** The layout of a packed weight file: decided from the graph alone, before any value is read. */
export interface WeightPlan {
  /** The `location` by which graphs name the file. */
  readonly location: string;
  readonly type: 'float16' | 'float32';
  readonly byteLength: number;
  readonly weights: readonly PlannedWeight[];
}

/** Every weight starts at a multiple of this many bytes. */
const ALIGNMENT = 64;

const elements = (dims: readonly number[]) => dims.reduce((product, dim) => product * dim, 1);

/** Collects the weights that a graph asks for, checking each against the checkpoint's header. */
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

  /** Whether the checkpoint has a tensor of this name. */
  has(tensor: string): boolean {
    return this.#checkpoint.tensors.has(tensor);
  }

  /**
   * Plans one weight and says where it will lie.
   *
   * @param name - its name in the graph
   * @param dims - its shape in the graph
   * @param parts - tensors of the checkpoint with the shape that each must have; ones at the end of a shape
   *   (1×1 convolutions stored as matrices, and the other way round) do not matter
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
    const offset = Math.ceil(this.#end / ALIGNMENT) * ALIGNMENT;
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

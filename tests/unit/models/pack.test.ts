import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { float16ToFloat32, isAbort } from '../../../src/base/index.ts';
import { WeightPlanner } from '../../../src/models/onnx/weights.ts';
import type { WeightChange, WeightPart } from '../../../src/models/onnx/weights.ts';
import { packWeights } from '../../../src/models/pack.ts';
import type { Checkpoint, TensorEntry } from '../../../src/models/types.ts';
import { failure } from '../../support/failure.ts';
import { count } from '../../support/reference/parameters.ts';

type Tensors = Readonly<
  Record<string, { readonly dims: readonly number[]; readonly values: readonly number[] }>
>;

/** A checkpoint in memory that reports each read. It ignores abort signals: packing must check them itself. */
function checkpointOf(tensors: Tensors, onRead?: (name: string) => void): Checkpoint {
  return {
    name: 'weights.safetensors',
    tensors: new Map(
      Object.entries(tensors).map(([name, { dims }]): [string, TensorEntry] => [
        name,
        { name, dims, type: 'float32' },
      ]),
    ),
    read(name) {
      onRead?.(name);
      return Promise.resolve(Float32Array.from(tensors[name]?.values ?? []));
    },
  };
}

interface Wanted {
  readonly dims: readonly number[];
  readonly parts: readonly WeightPart[];
  readonly change?: WeightChange;
}

function planOf(checkpoint: Checkpoint, weights: readonly Wanted[], type: 'float32' | 'float16' = 'float32') {
  const planner = new WeightPlanner(checkpoint, 'packed.bin', type);
  for (const [index, { dims, parts, change }] of weights.entries()) {
    planner.add(`weight ${index}`, dims, parts, change);
  }
  return planner.plan();
}

/** Packs a weight made from one tensor, and reads it back. */
async function packOne(
  dims: readonly number[],
  values: readonly number[],
  change: WeightChange = {},
  type: 'float32' | 'float16' = 'float32',
): Promise<number[]> {
  const checkpoint = checkpointOf({ tensor: { dims, values } });
  const plan = planOf(checkpoint, [{ dims, parts: [{ tensor: 'tensor', dims }], change }], type);
  const { buffer } = await packWeights(plan, checkpoint);
  const length = count(dims);
  return type === 'float16'
    ? [...float16ToFloat32(new Uint16Array(buffer, 0, length))]
    : [...new Float32Array(buffer, 0, length)];
}

const numbered = (length: number) => Array.from({ length }, (_, index) => index + 1);

describe('packWeights', () => {
  it('copies values unchanged', async () => {
    expect(await packOne([2, 3], [1, -2, 0.5, 1e-20, -0, 3e38])).toEqual(
      [1, -2, 0.5, 1e-20, -0, 3e38].map(Math.fround),
    );
  });

  it('transposes a matrix of any size', async () => {
    const side = fc.integer({ min: 1, max: 70 });
    await fc.assert(
      fc.asyncProperty(side, side, async (rows, columns) => {
        const packed = await packOne([rows, columns], numbered(rows * columns), { transpose: true });
        const expected = numbered(rows * columns).map((_, index) => {
          const [column, row] = [Math.floor(index / rows), index % rows];
          return row * columns + column + 1;
        });
        expect(packed).toEqual(expected);
      }),
      { numRuns: 30 },
    );
  });

  it('scales', async () => {
    expect(await packOne([3], [1, -2, 3], { scale: 0.25 })).toEqual([0.25, -0.5, 0.75]);
    expect(await packOne([2, 2], [1, 2, 3, 4], { scale: 2, transpose: true })).toEqual([2, 6, 4, 8]);
  });

  it('scales the first rows separately', async () => {
    const first = { rows: 1, scale: 10 };
    expect(await packOne([3], [1, -2, 3], { first })).toEqual([10, -2, 3]);
    const both = { first, scale: 2, transpose: true };
    expect(await packOne([2, 2], [1, 2, 3, 4], both)).toEqual([20, 6, 40, 8]);
  });

  it('concatenates tensors, and writes every weight at its planned offset', async () => {
    const checkpoint = checkpointOf({
      a: { dims: [1, 3], values: [1, 2, 3] },
      b: { dims: [2, 3], values: [4, 5, 6, 7, 8, 9] },
      c: { dims: [5], values: [10, 11, 12, 13, 14] },
    });
    const plan = planOf(checkpoint, [
      {
        dims: [3, 3],
        parts: [
          { tensor: 'a', dims: [1, 3] },
          { tensor: 'b', dims: [2, 3] },
        ],
      },
      { dims: [5, 1, 1], parts: [{ tensor: 'c', dims: [5] }] },
    ]);
    expect(plan.weights.map(({ offset }) => offset)).toEqual([0, 64]);
    const packed = await packWeights(plan, checkpoint);
    expect(packed).toHaveLength(64 + 5 * 4);
    const floats = [...new Float32Array(packed.buffer)];
    expect(floats).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 0, 0, 0, 0, 0, 0, 10, 11, 12, 13, 14]);
  });

  it('rounds to float16 last', async () => {
    // 1 + 2^-11 is halfway between two float16 numbers; slightly more than twice that is not.
    expect(await packOne([2], [1 + 2 ** -11, 1 + 3 * 2 ** -11], {}, 'float16')).toEqual([1, 1 + 2 ** -9]);
    expect(await packOne([1], [1e-8], { scale: 1e4 }, 'float16')).toEqual([float16(1e-4)]);
    expect(await packOne([1], [1e6], { scale: 1 / 32 }, 'float16')).toEqual([31250 - (31250 % 16)]);
  });

  it('reports progress', async () => {
    const tensors = { a: { dims: [1], values: [1] }, b: { dims: [1], values: [2] } };
    const checkpoint = checkpointOf(tensors);
    const plan = planOf(
      checkpoint,
      ['a', 'b'].map((tensor) => ({ dims: [1], parts: [{ tensor, dims: [1] }] })),
    );
    const reported: number[][] = [];
    await packWeights(plan, checkpoint, {
      onWeight: (...progress) => {
        reported.push(progress);
      },
    });
    expect(reported).toEqual([
      [1, 2],
      [2, 2],
    ]);
  });
});

/** The next larger float16. */
function float16(value: number): number {
  const step = 2 ** (Math.floor(Math.log2(value)) - 10);
  return Math.round(value / step) * step;
}

describe('packWeights and values out of range', () => {
  it('rejects values too large for float16, with the tensor and the largest value', async () => {
    const { code, details } = await failure(packOne([3], [1, -70_000, 80_000], {}, 'float16'));
    expect(code).toBe('weight-too-large');
    expect(details).toEqual({ file: 'weights.safetensors', tensor: 'weight 0', largest: 80_000, count: 2 });
  });

  it('rejects values too large for float16 after scaling', async () => {
    const packing = packOne([1], [3000], { scale: 30 }, 'float16');
    expect((await failure(packing)).code).toBe('weight-too-large');
    expect(await packOne([1], [3000], { scale: 30 })).toEqual([90_000]);
  });

  it.each(['float16', 'float32'] as const)('rejects NaN and infinity, in %s', async (type) => {
    for (const wrong of [Number.NaN, Infinity, -Infinity]) {
      const { code, details } = await failure(packOne([3], [1, wrong, 2], {}, type));
      expect(code).toBe('weight-not-finite');
      expect(details).toEqual({ file: 'weights.safetensors', tensor: 'weight 0', count: 1 });
    }
  });

  it('accepts the largest float16', async () => {
    expect(await packOne([2], [65504, -65519], {}, 'float16')).toEqual([65504, -65504]);
  });
});

describe('packWeights on abort', () => {
  it('stops between two tensors', async () => {
    const names = ['a', 'b', 'c', 'd'];
    const tensors = Object.fromEntries(names.map((name) => [name, { dims: [1], values: [1] }]));
    const stop = new AbortController();
    const read: string[] = [];
    const checkpoint = checkpointOf(tensors, (name) => {
      read.push(name);
      if (name === 'b') stop.abort();
    });
    const alone = (tensor: string) => ({ dims: [1], parts: [{ tensor, dims: [1] }] });
    await expect(
      packWeights(planOf(checkpoint, names.map(alone)), checkpoint, { signal: stop.signal }),
    ).rejects.toSatisfy(isAbort);
    expect(read).toEqual(['a', 'b']);
  });

  it('stops while a tensor is being read', async () => {
    const stop = new AbortController();
    const checkpoint: Checkpoint = {
      ...checkpointOf({ a: { dims: [1], values: [1] } }),
      read: (_, signal) => {
        stop.abort();
        signal?.throwIfAborted();
        return Promise.reject(new Error('not aborted'));
      },
    };
    const plan = planOf(checkpoint, [{ dims: [1], parts: [{ tensor: 'a', dims: [1] }] }]);
    await expect(packWeights(plan, checkpoint, { signal: stop.signal })).rejects.toSatisfy(isAbort);
  });

  it('reads nothing if aborted before it begins', async () => {
    const read: string[] = [];
    const checkpoint = checkpointOf({ a: { dims: [1], values: [1] } }, (name) => {
      read.push(name);
    });
    const plan = planOf(checkpoint, [{ dims: [1], parts: [{ tensor: 'a', dims: [1] }] }]);
    await expect(packWeights(plan, checkpoint, { signal: AbortSignal.abort() })).rejects.toSatisfy(isAbort);
    expect(read).toEqual([]);
  });
});

import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import * as v from 'valibot';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CheckpointError, isAbort } from '../../../src/base/index.ts';
import { openCheckpoint } from '../../../src/models/checkpoint/index.ts';
import { WeightPlanner } from '../../../src/models/onnx/weights.ts';
import type { WeightPlan } from '../../../src/models/onnx/weights.ts';
import { lazyWeights, packWeights } from '../../../src/models/pack.ts';
import { memorySource } from '../../../src/models/source.ts';
import type { ByteSource, Checkpoint } from '../../../src/models/types.ts';
import type { LazyBytes } from '../../../src/runtime/index.ts';
import { fileSource } from '../../../tools/file-source.ts';
import { float32Bytes } from '../../support/bytes.ts';
import { safetensorsFile } from '../../support/safetensors-file.ts';

function lazy(plan: WeightPlan, checkpoint: Checkpoint, signal?: AbortSignal): LazyBytes {
  const weights = lazyWeights(plan, checkpoint, signal);
  if (!weights) throw new Error('the checkpoint cannot be read synchronously');
  return weights;
}

/** A vector, a transposed and scaled matrix, and two concatenated tensors, with gaps in between. */
async function smallModel(type: 'float16' | 'float32', changed: Record<string, number> = {}) {
  const tensor = (name: string, ...shape: number[]) => {
    const length = shape.reduce((a, b) => a * b, 1);
    const values = Array.from({ length }, (_, i) => (i === 0 ? (changed[name] ?? 1) : 1 / (i + 1)));
    return { name, dtype: 'F32', shape, data: float32Bytes(...values) };
  };
  const file = safetensorsFile([
    tensor('vector', 5),
    tensor('matrix', 3, 7),
    tensor('upper', 2, 3),
    tensor('lower', 1, 3),
  ]);
  const checkpoint = await openCheckpoint(memorySource('small.safetensors', file));
  const planner = new WeightPlanner(checkpoint, 'small.bin', type);
  planner.add('vector', [5], [{ tensor: 'vector', dims: [5] }]);
  planner.add('matrix', [7, 3], [{ tensor: 'matrix', dims: [3, 7] }], {
    transpose: true,
    scale: 0.3,
    first: { rows: 2, scale: 0.5 },
  });
  planner.add(
    'stack',
    [3, 3],
    [
      { tensor: 'upper', dims: [2, 3] },
      { tensor: 'lower', dims: [1, 3] },
    ],
  );
  return { checkpoint, plan: planner.plan() };
}

describe('lazyWeights', () => {
  it.each(['float16', 'float32'] as const)('equals the packed file, for any range: %s', async (type) => {
    const { checkpoint, plan } = await smallModel(type);
    const packed = await packWeights(plan, checkpoint);
    const file = lazy(plan, checkpoint);
    expect(file.byteLength).toBe(packed.length);
    for (const { offset, byteLength } of plan.weights) {
      expect(file.read(offset, byteLength)).toEqual(packed.slice(offset, offset + byteLength));
    }
    const offset = fc.integer({ min: 0, max: packed.length });
    fc.assert(
      fc.property(offset, offset, (a, b) => {
        const [start, end] = [Math.min(a, b), Math.max(a, b)];
        expect(file.read(start, end - start)).toEqual(packed.slice(start, end));
      }),
    );
  });

  it('scales the first rows of the matrix before the transpose', async () => {
    const values = { name: 'matrix', dtype: 'F32', shape: [2, 2], data: float32Bytes(1, 2, 3, 4) };
    const checkpoint = await openCheckpoint(memorySource('small.safetensors', safetensorsFile([values])));
    const planner = new WeightPlanner(checkpoint, 'small.bin', 'float32');
    const part = { tensor: 'matrix', dims: [2, 2] };
    planner.add('matrix', [2, 2], [part], { transpose: true, scale: 2, first: { rows: 1, scale: 10 } });
    const { buffer } = lazy(planner.plan(), checkpoint).read(0, 16);
    expect([...new Float32Array(buffer)]).toEqual([20, 6, 40, 8]);
  });

  it('returns a copy of the bytes', async () => {
    const { checkpoint, plan } = await smallModel('float32');
    const file = lazy(plan, checkpoint);
    const before = file.read(0, 20).slice();
    file.read(0, 20).fill(0);
    expect(file.read(0, 20)).toEqual(before);
  });

  it.each([
    ['weight-not-finite', Number.NaN],
    ['weight-too-large', 1e6],
  ])('validates the values on reading: %s', async (code, value) => {
    const { checkpoint, plan } = await smallModel('float16', { matrix: value });
    const file = lazy(plan, checkpoint);
    const [vector, matrix] = plan.weights;
    expect(file.read(vector?.offset ?? 0, vector?.byteLength ?? 0)).toHaveLength(10);
    expect(() => file.read(matrix?.offset ?? 0, matrix?.byteLength ?? 0)).toThrow(
      expect.toSatisfy(
        (error) =>
          error instanceof CheckpointError && error.code === code && error.details['tensor'] === 'matrix',
      ),
    );
  });

  it('stops reading on abort', async () => {
    const { checkpoint, plan } = await smallModel('float32');
    const stop = new AbortController();
    const file = lazy(plan, checkpoint, stop.signal);
    file.read(0, 20);
    stop.abort();
    expect(() => file.read(0, 20)).toThrow(expect.toSatisfy(isAbort));
  });

  it('requires a checkpoint that can be read synchronously', async () => {
    const { checkpoint, plan } = await smallModel('float32');
    const { name, tensors } = checkpoint;
    expect(lazyWeights(plan, { name, tensors, read: (tensor) => checkpoint.read(tensor) })).toBeNull();
  });
});

/** 96 MB in 24 matrices of 4 MB, one of them 8 MB, written one matrix at a time. */
const [rows, columns, count] = [1024, 1024, 24];
const largest = 2 * rows * columns * 4;

async function writeLargeFile(path: string): Promise<number> {
  const sizes = Array.from({ length: count }, (_, i) => (i === 11 ? 2 * rows : rows) * columns * 4);
  let end = 0;
  const header = sizes.map((size, i) => {
    const entry = { dtype: 'F32', shape: [size / columns / 4, columns], data_offsets: [end, end + size] };
    end += size;
    return [`weight.${i}`, entry] as const;
  });
  const json = Buffer.from(JSON.stringify(Object.fromEntries(header)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  const file = await open(path, 'w');
  await file.write(length);
  await file.write(json);
  for (const [i, size] of sizes.entries()) {
    await file.write(new Uint8Array(new Float32Array(size / 4).fill(i + 1).buffer));
  }
  await file.close();
  return end;
}

/** V8's garbage collector, so that only reachable memory is measured. */
function garbageCollector(): () => void {
  setFlagsFromString('--expose-gc');
  return v.parse(v.function(), runInNewContext('gc'));
}

describe('lazyWeights of a large checkpoint on disk', () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'drift-lazy-'));
    path = join(folder, 'large.safetensors');
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it('holds no more memory than the largest tensor needs', async () => {
    const size = await writeLargeFile(path);
    const collect = garbageCollector();
    const held = () => {
      // The first call schedules garbage collection in the background; the second one waits for it.
      collect();
      collect();
      return process.memoryUsage().arrayBuffers;
    };
    const file = await fileSource(path);
    const { readSync } = file;
    if (!readSync) throw new Error('files can be read synchronously');
    const before = held();
    const reads: number[] = [];
    let peak = 0;
    const measured: ByteSource = {
      ...file,
      readSync(offset, length) {
        const bytes = readSync(offset, length);
        reads.push(length);
        peak = Math.max(peak, held() - before);
        return bytes;
      },
    };
    const checkpoint = await openCheckpoint(measured);
    const planner = new WeightPlanner(checkpoint, 'large.bin', 'float16');
    for (const { name, dims } of checkpoint.tensors.values()) {
      planner.add(name, dims.toReversed(), [{ tensor: name, dims }], { transpose: true });
    }
    const plan = planner.plan();
    const weights = lazy(plan, checkpoint);
    for (const [i, { offset, byteLength }] of plan.weights.entries()) {
      const bytes = weights.read(offset, byteLength);
      peak = Math.max(peak, held() - before);
      // Small integers in float16: 1 is 0x3c00, 2 is 0x4000.
      if (i < 2) expect(new Set(new Uint16Array(bytes.buffer))).toEqual(new Set([[0x3c00, 0x4000][i]]));
    }
    await file.close();

    expect(size).toBeGreaterThan(96e6);
    expect(reads.reduce((sum, length) => sum + length, 0)).toBe(size);
    expect(Math.max(...reads)).toBe(largest);
    expect(peak).toBeGreaterThanOrEqual(largest);
    // The tensor as read, and the previous weight, which the loop variable still references.
    expect(peak).toBeLessThan(2 * largest);
  });
});

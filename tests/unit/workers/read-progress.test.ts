import { describe, expect, it } from 'vitest';
import { createCpuCompute } from '../../../src/compute/index.ts';
import { Pipeline } from '../../../src/diffusion/index.ts';
import { createModel, targetFor } from '../../../src/models/index.ts';
import type { OnnxModel, Runtime } from '../../../src/runtime/index.ts';
import { withReadProgress } from '../../../workers/read-progress.ts';
import { openCpuRuntime } from '../../support/cpu-runtime.ts';
import { tinyModelParts } from '../../support/tiny-model.ts';

const session = {
  inputs: [],
  outputs: [],
  run: () => Promise.resolve({}),
  release: () => Promise.resolve(),
};

/** Runtime that reads all weights of a network, the first of each location twice. */
const runtime: Runtime = {
  liveSessions: 0,
  createSession: (_name, { weights }) => {
    for (const { data } of weights) {
      if (data instanceof Uint8Array) continue;
      for (const offset of [0, 0, 100, 200]) data.read(offset, 100);
    }
    return Promise.resolve(session);
  },
};

describe('progress', () => {
  it('counts bytes that are read twice only once', async () => {
    const reads: [number, number][] = [];
    const read = (_offset: number, length: number) => new Uint8Array(length);
    const model: OnnxModel = {
      graph: new Uint8Array(),
      weights: [
        { location: 'a', data: { byteLength: 300, read } },
        { location: 'b', data: { byteLength: 300, read } },
      ],
    };
    await withReadProgress(runtime, (done, of) => reads.push([done, of])).createSession('UNet', model);
    expect(reads).toEqual([100, 200, 300, 400, 500, 600].map((done) => [done, 600]));
  });

  it('counts the bytes of each network as they are read, up to nearly all of them', async () => {
    const reads = new Map<string, { readonly done: number; readonly of: number }[]>();
    let part = '';
    const reporting = withReadProgress(await openCpuRuntime(), (done, of) => {
      reads.set(part, [...(reads.get(part) ?? []), { done, of }]);
    });
    const model = createModel(await tinyModelParts(), targetFor('float32', false));
    const pipeline = new Pipeline(createCpuCompute(), reporting, model);
    await pipeline.prepare(16, 16, {
      onNetwork: (name) => {
        part = name;
      },
    });
    await pipeline.release();
    for (const network of ['UNet', 'decoder', 'context']) {
      const read = reads.get(network) ?? [];
      expect(read.length, network).toBeGreaterThan(1);
      for (const [index, { done, of }] of read.entries()) {
        expect(done).toBeGreaterThan(read[index - 1]?.done ?? 0);
        expect(done).toBeLessThanOrEqual(of);
      }
      // Weights are aligned to 64 bytes; the padding is not read.
      const { done = 0, of = 0 } = read.at(-1) ?? {};
      expect(of - done, network).toBeLessThan(64 * read.length);
    }
  });
});

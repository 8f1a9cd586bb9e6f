import { expect, it } from 'vitest';
import type { OnnxModel, Runtime } from '../../../src/runtime/index.ts';
import { withReadProgress } from '../../../workers/read-progress.ts';

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

it('progress counts the bytes of a network as they are read, at most all of them', async () => {
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

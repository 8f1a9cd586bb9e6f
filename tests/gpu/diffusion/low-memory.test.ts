import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { automatic } from '../../../src/animation/index.ts';
import { Pipeline } from '../../../src/diffusion/index.ts';
import { createModel } from '../../../src/models/index.ts';
import { defaultSettings } from '../../../src/project/index.ts';
import type { NodeBackend } from '../../../tools/node-runtime.ts';
import { backendFor } from '../../support/backend.ts';
import { tinyModelParts } from '../../support/tiny-model.ts';
import { noisePicture } from '../../unit/compute/support.ts';

const start = await noisePicture(7, 20, 10);
const settings = { ...defaultSettings, frames: 2, steps: 2, width: 16, height: 16, seed: 11 };
const prompts = { text: null, positives: 0, negatives: 0 };

let backend: NodeBackend;

beforeAll(async () => {
  backend = await backendFor('webgpu');
});

afterAll(() => {
  backend.dispose();
});

async function frames(lowMemory: boolean): Promise<Uint8ClampedArray[]> {
  const model = createModel(await tinyModelParts(), backend.target);
  const pipeline = new Pipeline(backend.compute, backend.runtime, model, { lowMemory });
  try {
    const made: Uint8ClampedArray[] = [];
    const run = automatic(pipeline, { start, firstFrame: 0, settings, prompts });
    for await (const { picture } of run) made.push(picture.data);
    return made;
  } finally {
    await pipeline.release();
  }
}

describe('low memory on the GPU', () => {
  it('makes the same frames and frees everything', async () => {
    const expected = await frames(false);
    expect(await frames(true)).toEqual(expected);
    expect(await frames(true)).toEqual(expected);
    expect(backend.compute.liveTensors).toBe(0);
    expect(backend.runtime.liveSessions).toBe(0);
  });
});

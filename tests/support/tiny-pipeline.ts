import type { PromptEmbeds } from '../../src/animation/index.ts';
import { createCpuCompute } from '../../src/compute/index.ts';
import { Pipeline } from '../../src/diffusion/index.ts';
import { createModel, targetFor } from '../../src/models/index.ts';
import { openCpuRuntime } from './cpu-runtime.ts';
import { embeddingWidth, tinyModelParts } from './tiny-model.ts';
import { WatchedRuntime } from './watched-runtime.ts';

/** Pipeline with the tiny model on the CPU, and a runtime that records calls. */
export async function tinyPipeline() {
  const runtime = new WatchedRuntime(await openCpuRuntime());
  const compute = createCpuCompute();
  const model = createModel(await tinyModelParts(), targetFor('float32', false));
  const pipeline = new Pipeline(compute, runtime, model);
  /** Prompts along the first three axes: two positive, one negative. */
  const embedPrompts = (): Promise<PromptEmbeds> => {
    const text = new Float32Array(3 * embeddingWidth);
    for (const row of [0, 1, 2]) text[row * embeddingWidth + row] = 1;
    return Promise.resolve({
      text: compute.upload(text, [3, embeddingWidth]),
      positives: 2,
      negatives: 1,
    });
  };
  return { runtime, compute, pipeline, embedPrompts };
}

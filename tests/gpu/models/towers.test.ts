import { afterAll, beforeAll, expect, it } from 'vitest';
import { openOnnx } from '../../../src/models/onnx/index.ts';
import { clipRepository, imageVariations } from '../../../tools/full-model/model.ts';
import type { NodeBackend } from '../../../tools/node-runtime.ts';
import { backendFor, closeBackend } from '../../support/backend.ts';
import { randomValues } from '../../support/reference/parameters.ts';

/** CLIP's image tower in float16, as the hub has it for the full model; here with few channels. */
const tower = imageVariations('small').get(`${clipRepository}/onnx/vision_model_fp16.onnx`);
const dims = [1, 3, 224, 224];

let gpu: NodeBackend;
let cpu: NodeBackend;

beforeAll(async () => {
  // Without float16, like NVIDIA's GPUs in Chrome on Linux.
  gpu = await backendFor('webgpu', { float16: false });
  cpu = await backendFor('cpu');
});

afterAll(() => {
  closeBackend(gpu);
  closeBackend(cpu);
});

async function embeddingOn({ runtime, compute }: NodeBackend): Promise<Float32Array> {
  if (!tower) throw new RangeError('the full model has an image tower');
  const session = await runtime.createSession('tower', await openOnnx(tower, { type: compute.modelType }));
  const pixels = compute.upload(randomValues(7, 3 * 224 * 224), dims);
  const { image_embeds: embeds } = await session.run({ pixel_values: pixels });
  if (!embeds) throw new RangeError('an image tower gives embeddings');
  const [values] = await compute.read([embeds]);
  embeds.dispose();
  pixels.dispose();
  await session.release();
  return Float32Array.from(values ?? []);
}

it("a float16 image tower runs on a GPU without float16, and agrees with the processor's float32", async () => {
  const [ours, reference] = [await embeddingOn(gpu), await embeddingOn(cpu)];
  expect(ours.length).toBe(reference.length);
  const difference = Math.hypot(...ours.map((value, index) => value - (reference[index] ?? NaN)));
  expect(difference / Math.hypot(...reference)).toBeLessThan(1e-5);
});
